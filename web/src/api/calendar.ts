import { answered } from "@onair/client";

import { station } from "./station.ts";

/** Since when one's calendar has an address, an instant; null where it has none. */
export async function loadCalendar(signal: AbortSignal): Promise<string | null> {
  return (await answered(station.GET("/api/calendar", { signal }))).since;
}

/** Gives it a new address, which is told once; the one before leads nowhere. */
export async function createCalendar(): Promise<string> {
  return (await answered(station.POST("/api/calendar"))).url;
}

/** Takes it from its address. */
export async function deleteCalendar(): Promise<void> {
  await answered(station.DELETE("/api/calendar"));
}
