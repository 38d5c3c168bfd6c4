import { ProblemError, type Schema } from "@onair/client";

import { session } from "./station.ts";

/** As much of a recording, or of a clip of one, as the pages show. */
export interface Recording {
  readonly id: string;
  readonly broadcastId: string;
  readonly broadcastTitle: string;
  readonly host: { readonly displayName: string };
  readonly kind: "recording" | "clip";
  readonly title: string;
  readonly status: "recording" | "ready" | "failed";
  readonly startedAt: string;
  readonly durationSeconds: number | null;
  readonly hlsUrl: string | null;
  readonly downloadUrl: string;
  readonly opusUrl: string;
  readonly peaksUrl: string;
  readonly chaptersUrl: string;
  readonly replayUrl: string;
}

/** A stretch of a recording with a name; seconds from its beginning. */
export interface Chapter {
  readonly startTime: number;
  readonly title: string;
}

/** How loud a recording is, as audiowaveform writes it (JSON, version 2). */
export interface Peaks {
  readonly channels: number;
  /** The lowest and the highest sample of each pixel, channel after channel. */
  readonly data: readonly number[];
}

/** Pixels of a waveform that are read; a recording of a day has fewer. */
const PIXELS_MAX = 2_000_000;

/** The latest sound first, what can be heard; of one broadcast where it is named. */
export async function loadRecordings(
  asked: { readonly broadcast?: string; readonly limit: number },
  signal: AbortSignal,
): Promise<readonly Recording[]> {
  const query = new URLSearchParams({ status: "ready", limit: String(asked.limit) });
  if (asked.broadcast !== undefined) {
    query.set("broadcast", asked.broadcast);
    query.set("kind", "recording");
  }
  const page = await ask<{ readonly items: readonly Recording[] }>(`/api/recordings?${query}`, signal);
  return page?.items ?? [];
}

/** One recording, or null where the server knows none of that id. */
export function loadRecording(id: string, signal: AbortSignal): Promise<Recording | null> {
  return ask<Recording>(`/api/recordings/${encodeURIComponent(id)}`, signal);
}

/** The chapters of a recording that names this address, in order. */
export async function loadChapters(chaptersUrl: string, signal: AbortSignal): Promise<readonly Chapter[]> {
  const answer = await ask<{ readonly chapters: readonly Chapter[] }>(chaptersUrl, signal);
  return answer?.chapters ?? [];
}

/** How loud a recording that names this address is along its length; null where that is not known. */
export async function loadPeaks(peaksUrl: string, signal: AbortSignal): Promise<Peaks | null> {
  const peaks = await ask<Peaks>(peaksUrl, signal);
  const isReadable =
    peaks !== null &&
    Array.isArray(peaks.data) &&
    peaks.channels >= 1 &&
    peaks.data.length <= PIXELS_MAX * 2 * peaks.channels;
  return isReadable ? peaks : null;
}

/** What was said and done in a stretch of a recording; positions are seconds from its beginning. */
export type Replay = Pick<Schema<"Replay">, "messages" | "reactions" | "ranges">;

/** Messages of one answer, and answers of one stretch: what more people wrote at once nobody reads. */
const REPLAY_PAGE = 100;
const REPLAY_PAGES = 5;

/** The stretch between two positions of a recording that names this address. */
export async function loadReplay(
  replayUrl: string,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<Replay> {
  const query = new URLSearchParams({ from: String(from), to: String(to), limit: String(REPLAY_PAGE) });
  const first = await ask<Schema<"Replay">>(`${replayUrl}?${query}`, signal);
  if (first === null) return { messages: [], reactions: [], ranges: [] };
  const messages = [...first.messages];
  let cursor = first.nextCursor;
  for (let page = 1; page < REPLAY_PAGES && cursor !== null; page++) {
    query.set("cursor", cursor);
    const next: Schema<"Replay"> | null = await ask(`${replayUrl}?${query}`, signal);
    messages.push(...(next?.messages ?? []));
    cursor = next?.nextCursor ?? null;
  }
  return { messages, reactions: first.reactions, ranges: first.ranges };
}

/** Whether only who has a pass hears it; asking for the recording again renews that. */
export function isSigned(recording: Recording): boolean {
  return recording.hlsUrl?.startsWith("/s/") ?? false;
}

/**
 * Where this page plays it; null while it is being made. A signed address is good for less than a minute; the cookie
 * that came with it opens the plain one for as long as it is renewed.
 */
export function playlistOf(recording: Recording): string | null {
  return recording.hlsUrl?.replace(/^\/s\/[^/]+/, "") ?? null;
}

/** Null where nothing is there. */
async function ask<T>(path: string, signal: AbortSignal): Promise<T | null> {
  const answer = await session.fetch(new Request(new URL(path, location.origin), { signal }));
  if (answer.status === 404) return null;
  if (!answer.ok) throw new ProblemError(answer.status, null);
  return (await answer.json()) as T;
}
