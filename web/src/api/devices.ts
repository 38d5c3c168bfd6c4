import { answered, type Schema } from "@onair/client";

import { station } from "./station.ts";

export type Device = Schema<"Device">;

/** Where one can be reached, the oldest first. */
export function loadDevices(signal: AbortSignal): Promise<Schema<"Devices">> {
  return answered(station.GET("/api/devices", { signal }));
}

/** Has a browser told what one wants to be told. */
export function registerBrowser(name: string, subscription: PushSubscriptionJSON): Promise<Device> {
  const { endpoint = "", keys = {} } = subscription;
  const { p256dh = "", auth = "" } = keys;
  const body = { channel: "webPush" as const, name, subscription: { endpoint, keys: { p256dh, auth } } };
  return answered(station.POST("/api/devices", { body }));
}

/** Forgets a device. */
export async function forgetDevice(id: string): Promise<void> {
  await answered(station.DELETE("/api/devices/{id}", { params: { path: { id } } }));
}
