/** Where a broadcast is in its life. */
export type BroadcastStatus = "scheduled" | "live" | "ended" | "cancelled";

/** A broadcast as everybody sees it. */
export interface Broadcast {
  readonly id: string;
  readonly title: string;
  readonly status: BroadcastStatus;
  /** RFC 3339; null until it has gone live. */
  readonly startedAt: string | null;
  readonly listenerCount: number;
  readonly playback: { readonly hlsUrl: string };
}

/** One page of broadcasts; `total` counts all pages. */
export interface BroadcastPage {
  readonly items: readonly Broadcast[];
  readonly nextCursor: string | null;
  readonly total: number;
}

/** The server answered with neither what was asked for nor 404. */
export class ApiError extends Error {
  readonly status: number;

  constructor(path: string, status: number) {
    super(`${path} answered ${status}`);
    this.name = "ApiError";
    this.status = status;
  }
}

/** What is on air now, the first page. */
export async function loadOnAir(signal: AbortSignal): Promise<BroadcastPage> {
  const path = "/api/broadcasts?status=live";
  const answer = await fetch(path, { signal, headers: { accept: "application/json" } });
  if (!answer.ok) throw new ApiError(path, answer.status);
  return (await answer.json()) as BroadcastPage;
}

/** One broadcast, or null where the server knows none of that id. */
export async function loadBroadcast(id: string, signal: AbortSignal): Promise<Broadcast | null> {
  const path = `/api/broadcasts/${encodeURIComponent(id)}`;
  const answer = await fetch(path, { signal, headers: { accept: "application/json" } });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new ApiError(path, answer.status);
  return (await answer.json()) as Broadcast;
}

/** Says that `session` still listens; a server that does not count listeners may not know the address. */
export async function sendHeartbeat(id: string, session: string, signal: AbortSignal): Promise<void> {
  const path = `/api/broadcasts/${encodeURIComponent(id)}/heartbeat`;
  const answer = await fetch(path, {
    method: "POST",
    signal,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ session }),
  });
  if (!answer.ok) throw new ApiError(path, answer.status);
}

/** The server's wall clock in milliseconds since 1970. */
export async function loadServerTime(signal: AbortSignal): Promise<number> {
  const path = "/api/time";
  const answer = await fetch(path, { signal, cache: "no-store" });
  if (!answer.ok) throw new ApiError(path, answer.status);
  const { now } = (await answer.json()) as { now: string };
  const time = Date.parse(now);
  if (Number.isNaN(time)) throw new ApiError(path, answer.status);
  return time;
}
