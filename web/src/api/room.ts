import { answered, ProblemError } from "@onair/client";

import { station } from "./station.ts";

/** A ticket takes no longer, in milliseconds. */
const TICKET_MS = 10_000;

/** Answers that another try would not change. */
const FINAL: readonly number[] = [400, 401, 403, 404, 410];

/** A ticket for the room of a broadcast, good once; null where the station gives none to whoever is signed in. */
export async function loadTicket(id: string, signal: AbortSignal): Promise<string | null> {
  try {
    const params = { path: { id } };
    const within = AbortSignal.any([signal, AbortSignal.timeout(TICKET_MS)]);
    const asked = station.POST("/api/broadcasts/{id}/ticket", { params, signal: within });
    return (await answered(asked)).ticket;
  } catch (error) {
    if (error instanceof ProblemError && FINAL.includes(error.status)) return null;
    throw error;
  }
}

/** Where the room of a broadcast is. */
export function roomUrl(id: string): string {
  const url = new URL(`/ws/broadcasts/${encodeURIComponent(id)}`, location.origin);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
