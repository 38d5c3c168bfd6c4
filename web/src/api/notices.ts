import { answered, type Schema } from "@onair/client";

import { pageQuery } from "./page.ts";
import { station } from "./station.ts";

export type Notification = Schema<"Notification">;
export type NotificationKind = Schema<"NotificationKind">;
export type NotificationWay = Schema<"NotificationWay">;
export type Preferences = Schema<"Preferences">;

/** As many of a list as come at once. */
const PAGE = 30;

const listeners = new Set<() => void>();

/** Calls `listener` when there may be other notifications than before; the answer unsubscribes. */
export function followNotices(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/**
 * Whoever shows notifications asks for them again. It is called after what one has read here; whatever else tells that
 * there is something new, such as a socket, calls it too.
 */
export function noticesChanged(): void {
  for (const listener of listeners) listener();
}

/** What one was told, the newest first. */
export function loadNotices(signal: AbortSignal, cursor?: string): Promise<Schema<"NotificationPage">> {
  const query = pageQuery(PAGE, cursor);
  return answered(station.GET("/api/notifications", { params: { query }, signal }));
}

/** How many one has not read. */
export async function loadUnread(signal: AbortSignal): Promise<number> {
  const query = { unread: true, limit: 1 };
  const { unread } = await answered(station.GET("/api/notifications", { params: { query }, signal }));
  return unread;
}

/** One is read, or all that there are. */
export async function markRead(id: string | "all"): Promise<void> {
  if (id === "all") await answered(station.POST("/api/notifications/read"));
  else await answered(station.POST("/api/notifications/{id}/read", { params: { path: { id } } }));
  noticesChanged();
}

/** What one wants to be told, by which ways and when. */
export function loadPreferences(signal: AbortSignal): Promise<Preferences> {
  return answered(station.GET("/api/notifications/preferences", { signal }));
}

export async function savePreferences(body: Preferences): Promise<Preferences> {
  return answered(station.PUT("/api/notifications/preferences", { body }));
}
