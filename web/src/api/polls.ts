import { answered, type Schema } from "@onair/client";

import { station } from "./station.ts";

/** A poll that was asked in a room. */
export type PastPoll = Schema<"Poll">;

/** As many as one page of the station has. */
const LIMIT = 100;

/** The polls of a broadcast that are closed, in the order in which they were asked. */
export async function loadPolls(id: string, signal: AbortSignal): Promise<readonly PastPoll[]> {
  const params = { path: { id }, query: { limit: LIMIT } };
  const { items } = await answered(station.GET("/api/broadcasts/{id}/polls", { params, signal }));
  return items.filter(({ closedAt }) => closedAt !== null).toReversed();
}
