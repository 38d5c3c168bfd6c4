import { answered, ProblemError, type Schema } from "@onair/client";

import { station } from "./station.ts";

export type BroadcastStatus = Schema<"BroadcastStatus">;

/** As much of a broadcast as the pages show. */
export type Broadcast = Pick<
  Schema<"Broadcast">,
  | "id"
  | "title"
  | "description"
  | "status"
  | "startedAt"
  | "scheduledStartTime"
  | "listenerCount"
  | "coverUrl"
  | "host"
> & { readonly playback: Pick<Schema<"Playback">, "hlsUrl" | "whepUrl"> };

/** How a broadcast is heard by whoever asks. */
export type PlaybackAnswer = Schema<"PlaybackAnswer">;

/** One page of broadcasts; `total` counts all pages. */
export type BroadcastPage = Pick<Schema<"BroadcastPage">, "nextCursor" | "total"> & {
  readonly items: readonly Broadcast[];
};

/** What is on air now, the first page. */
export function loadOnAir(signal: AbortSignal): Promise<BroadcastPage> {
  return answered(station.GET("/api/broadcasts", { params: { query: { status: "live" } }, signal }));
}

/** As much of what is planned as is looked through for what comes next. */
const PLANNED = 50;

/** What is planned with a start, the next first; of each series the next date alone. */
export async function loadComing(limit: number, signal: AbortSignal): Promise<readonly Broadcast[]> {
  const query = { status: "scheduled" as const, limit: PLANNED };
  const { items } = await answered(station.GET("/api/broadcasts", { params: { query }, signal }));
  const dated = items.filter(({ scheduledStartTime }) => scheduledStartTime !== null);
  const isNext = ({ id, seriesId }: (typeof dated)[number]) =>
    seriesId === null || dated.find((other) => other.seriesId === seriesId)?.id === id;
  return dated.filter(isNext).slice(0, limit);
}

/** Whatever has these words in its title, its tags or its host's name; what is on air first. */
export async function findBroadcasts(q: string, signal: AbortSignal): Promise<readonly Broadcast[]> {
  const query = { q, limit: 20 };
  const { items } = await answered(station.GET("/api/broadcasts", { params: { query }, signal }));
  const rank = ({ status }: Broadcast) => (status === "live" ? 0 : status === "scheduled" ? 1 : 2);
  return items.toSorted((one, other) => rank(one) - rank(other));
}

/** One broadcast, or null where the server knows none of that id. */
export async function loadBroadcast(id: string, signal: AbortSignal): Promise<Broadcast | null> {
  try {
    return await answered(station.GET("/api/broadcasts/{id}", { params: { path: { id } }, signal }));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return null;
    throw error;
  }
}

/** How to hear a broadcast; where it is not everybody's, the answer sets the cookie that opens it for a minute. */
export function loadPlayback(id: string, signal: AbortSignal): Promise<PlaybackAnswer> {
  return answered(station.GET("/api/broadcasts/{id}/playback", { params: { path: { id } }, signal }));
}

/** Says that `session` still listens; a server that does not count listeners may not know the address. */
export async function sendHeartbeat(id: string, session: string, signal: AbortSignal): Promise<void> {
  const params = { path: { id } };
  await answered(station.POST("/api/broadcasts/{id}/heartbeat", { params, body: { session }, signal }));
}

/** The server's wall clock in milliseconds since 1970. */
export async function loadServerTime(signal: AbortSignal): Promise<number> {
  const { now } = await answered(station.GET("/api/time", { signal, cache: "no-store" }));
  const time = Date.parse(now);
  if (Number.isNaN(time)) throw new RangeError(`the server's time cannot be read: ${now}`);
  return time;
}

/**
 * The cover of a broadcast where this station has it. One that lies elsewhere is not shown: whoever listens would be
 * seen by whoever has it.
 */
export function coverOf({ coverUrl }: Pick<Broadcast, "coverUrl">): string | null {
  if (coverUrl === null) return null;
  const url = new URL(coverUrl, location.origin);
  return url.origin === location.origin ? url.href : null;
}
