import { answered, type Schema } from "@onair/client";

import { pageQuery } from "./page.ts";
import { session, station } from "./station.ts";
import type { OwnBroadcast } from "./studio.ts";

/** What a host says of a broadcast; what is left out stays, or is as the station has it. */
export type BroadcastEdit = Schema<"BroadcastChanges">;

/** Which occurrences of a series are meant. */
export type Scope = "this" | "following" | "all";

/** How many of a list come at once. */
const PAGE = 50;

/** One's own broadcasts, the newest first. */
export function loadMine(
  host: string,
  signal: AbortSignal,
  cursor?: string,
): Promise<Schema<"BroadcastPage">> {
  const query = { host, ...pageQuery(PAGE, cursor) };
  return answered(station.GET("/api/broadcasts", { params: { query }, signal }));
}

/** Makes a broadcast. */
export function createBroadcast(edit: BroadcastEdit & { readonly title: string }): Promise<OwnBroadcast> {
  return answered(station.POST("/api/broadcasts", { body: edit }));
}

/** Changes one; of a series, others with it. */
export function updateBroadcast(
  id: string,
  edit: BroadcastEdit,
  scope: Scope = "this",
): Promise<OwnBroadcast> {
  const params = { path: { id }, query: scope === "this" ? {} : { scope } };
  return answered(station.PATCH("/api/broadcasts/{id}", { params, body: edit }));
}

/** Deletes one, with everything that was kept of it; of a series, others with it. */
export async function deleteBroadcast(id: string, scope: Scope = "this"): Promise<void> {
  const params = { path: { id }, query: scope === "this" ? {} : { scope } };
  await answered(station.DELETE("/api/broadcasts/{id}", { params }));
}

/** Uploads a cover: a PNG, JPEG or WebP. */
export async function uploadCover(id: string, picture: Blob): Promise<void> {
  const url = new URL(`/api/broadcasts/${encodeURIComponent(id)}/cover`, location.origin);
  const headers = { "Content-Type": picture.type };
  const response = await session.fetch(new Request(url, { method: "PUT", headers, body: picture }));
  const error: unknown = response.ok ? undefined : await response.json().catch(() => undefined);
  await answered(Promise.resolve({ response, error }));
}

/** One's own recordings and clips, the newest first, whatever became of them. */
export function loadLibrary(
  host: string,
  signal: AbortSignal,
  cursor?: string,
): Promise<Schema<"RecordingPage">> {
  const query = { host, ...pageQuery(PAGE, cursor) };
  return answered(station.GET("/api/recordings", { params: { query }, signal }));
}

/** Publishes a recording, takes it back, names or trims it. */
export async function updateRecording(id: string, body: Schema<"RecordingChanges">): Promise<void> {
  await answered(station.PATCH("/api/recordings/{id}", { params: { path: { id } }, body }));
}

/** Makes a clip of one. */
export async function createClip(id: string, body: Schema<"RecordingClip">): Promise<void> {
  await answered(station.POST("/api/recordings/{id}/clips", { params: { path: { id } }, body }));
}

/** Deletes one for good. */
export async function deleteRecording(id: string): Promise<void> {
  await answered(station.DELETE("/api/recordings/{id}", { params: { path: { id } } }));
}
