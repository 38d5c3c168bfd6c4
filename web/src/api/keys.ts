import { answered, type Schema } from "@onair/client";

import { pageQuery } from "./page.ts";
import { station } from "./station.ts";

export type KeyRole = Schema<"KeyRole">;

/** One's own, which do what a host does in one's own broadcasts; or all of the station, which are an admin's to see. */
export type Whose = "own" | "everybody";

/** As many of a list as come at once. */
const PAGE = 50;

/** API keys, the newest first. */
export function loadKeys(whose: Whose, signal: AbortSignal, cursor?: string): Promise<Schema<"ApiKeyPage">> {
  const params = { query: pageQuery(PAGE, cursor) };
  return whose === "own"
    ? answered(station.GET("/api/auth/api-keys", { params, signal }))
    : answered(station.GET("/api/admin/api-keys", { params, signal }));
}

/** Makes one; its secret is in the answer and nowhere else. Of one's own the role is a host's. */
export function createKey(whose: Whose, name: string, role: KeyRole): Promise<Schema<"MadeApiKey">> {
  return whose === "own"
    ? answered(station.POST("/api/auth/api-keys", { body: { name } }))
    : answered(station.POST("/api/admin/api-keys", { body: { name, role } }));
}

/** From then on it opens nothing. */
export async function revokeKey(whose: Whose, key: string): Promise<void> {
  const params = { path: { key } };
  if (whose === "own") await answered(station.DELETE("/api/auth/api-keys/{key}", { params }));
  else await answered(station.DELETE("/api/admin/api-keys/{key}", { params }));
}
