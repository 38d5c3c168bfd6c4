import { answered, ProblemError } from "@onair/client";

import { station } from "./station.ts";

/**
 * What brings the page at `link` onto pages of others, as the station says it to those who ask by oEmbed; null where
 * it is not everybody's.
 */
export async function loadFrame(link: string, signal: AbortSignal): Promise<string | null> {
  try {
    const asked = station.GET("/oembed", { params: { query: { url: link } }, signal });
    return (await answered(asked)).html ?? null;
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return null;
    throw error;
  }
}
