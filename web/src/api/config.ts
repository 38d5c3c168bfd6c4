import { answered, type Schema } from "@onair/client";

import { station } from "./station.ts";

/** What the station lets clients do. */
export type Config = Schema<"Config">;

/** What the station lets clients do; it changes with a new start of it alone. */
export function loadConfig(signal?: AbortSignal): Promise<Config> {
  return answered(station.GET("/api/config", signal === undefined ? {} : { signal }));
}
