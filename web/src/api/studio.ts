import { answered, type Schema } from "@onair/client";

import { loadServerTime } from "./broadcasts.ts";
import { station } from "./station.ts";

/** A broadcast as its host has it. */
export type OwnBroadcast = Schema<"Broadcast">;

/** A broadcast with what its host alone is told. */
export function loadOwn(id: string, signal?: AbortSignal): Promise<OwnBroadcast> {
  return answered(
    station.GET("/api/broadcasts/{id}", {
      params: { path: { id } },
      ...(signal === undefined ? {} : { signal }),
    }),
  );
}

/** Puts it on air; one that is stays as it is. */
export async function startBroadcast(id: string): Promise<void> {
  await answered(station.POST("/api/broadcasts/{id}/start", { params: { path: { id } } }));
}

/** Ends it. */
export async function endBroadcast(id: string): Promise<void> {
  await answered(station.POST("/api/broadcasts/{id}/end", { params: { path: { id } } }));
}

/** Gives it a new stream key; the old one opens nothing from now on. */
export async function rotateKey(id: string): Promise<void> {
  await answered(station.POST("/api/broadcasts/{id}/stream-key", { params: { path: { id } } }));
}

/** Whether it is being recorded now. */
export async function loadIsRecorded(id: string, signal: AbortSignal): Promise<boolean> {
  const query = { broadcast: id, status: "recording" as const, limit: 1 };
  const { total } = await answered(station.GET("/api/recordings", { params: { query }, signal }));
  return total > 0;
}

/** Starts a recording, or stops the one that is being made. */
export async function setRecording(id: string, recording: boolean): Promise<void> {
  const params = { path: { id } };
  if (recording) await answered(station.POST("/api/broadcasts/{id}/record/start", { params }));
  else await answered(station.POST("/api/broadcasts/{id}/record/stop", { params }));
}

/** How far away the station is, and how far this device's clock is from its. */
export interface Distance {
  readonly roundTripMs: number;
  /** Positive where the station's clock is ahead. */
  readonly clockMs: number;
}

/** Asks the station for its time, and how long that takes. */
export async function measureDistance(signal: AbortSignal): Promise<Distance> {
  const asked = performance.now();
  const time = await loadServerTime(signal);
  const roundTripMs = Math.round(performance.now() - asked);
  return { roundTripMs, clockMs: Math.round(time + roundTripMs / 2 - Date.now()) };
}
