import { answered, ProblemError, type Schema } from "@onair/client";

import { station } from "./station.ts";

export type Series = Schema<"Series">;
export type Occurrence = Schema<"Occurrence">;

/** How something would repeat. */
export interface Plan {
  /** The first start, an instant. */
  readonly startTime: string;
  readonly timezone: string;
  readonly recurrence: string;
}

/** The first starts by a rule, at most `limit`. */
export async function loadStarts(plan: Plan, limit: number, signal: AbortSignal): Promise<readonly string[]> {
  const query = { ...plan, limit };
  const { items } = await answered(station.GET("/api/schedule/starts", { params: { query }, signal }));
  return items;
}

/** A series, or null where the station knows none of that id. */
export async function loadSeries(id: string, signal: AbortSignal): Promise<Series | null> {
  try {
    return await answered(station.GET("/api/series/{id}", { params: { path: { id } }, signal }));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return null;
    throw error;
  }
}
