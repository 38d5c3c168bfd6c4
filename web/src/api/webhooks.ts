import { answered, type Schema } from "@onair/client";

import { station } from "./station.ts";

export type Webhook = Schema<"Webhook">;
export type WebhookEvent = Schema<"Event">;

/** One's webhooks, the newest first. */
export function loadWebhooks(signal: AbortSignal): Promise<Schema<"WebhookPage">> {
  return answered(station.GET("/api/webhooks", { signal }));
}

/** Makes one; its secret is in the answer and nowhere else. */
export function createWebhook(body: Schema<"NewWebhook">): Promise<Schema<"MadeWebhook">> {
  return answered(station.POST("/api/webhooks", { body }));
}

/** Changes one. */
export async function changeWebhook(id: string, body: Schema<"WebhookChanges">): Promise<void> {
  await answered(station.PATCH("/api/webhooks/{id}", { params: { path: { id } }, body }));
}

/** Deletes one and its deliveries. */
export async function deleteWebhook(id: string): Promise<void> {
  await answered(station.DELETE("/api/webhooks/{id}", { params: { path: { id } } }));
}

/** What it was told, latest first. */
export function loadDeliveries(id: string, signal: AbortSignal): Promise<Schema<"DeliveryPage">> {
  const params = { path: { id }, query: { limit: 20 } };
  return answered(station.GET("/api/webhooks/{id}/deliveries", { params, signal }));
}

/** Tells it something once more. */
export async function replayDelivery(id: string, delivery: string): Promise<void> {
  const params = { path: { id, delivery } };
  await answered(station.POST("/api/webhooks/{id}/deliveries/{delivery}/replay", { params }));
}
