import Hls, { type ErrorData } from "hls.js";

import type { EngineEvent, LossReason } from "./engine.ts";

/** Longer than the server ever holds a request (three target durations), so that it speaks first. */
const HELD_MS = 15_000;

/** The player owns the retries; a loader gives up at its first failure. */
export const ONCE = {
  default: {
    maxTimeToFirstByteMs: HELD_MS,
    maxLoadTimeMs: HELD_MS,
    timeoutRetry: null,
    errorRetry: null,
  },
};

/**
 * A part or segment is tried again by itself: it costs a hole otherwise, and it may be there in a moment.
 * Half a second in all, less than what is buffered.
 */
export const BRIEFLY = {
  default: {
    ...ONCE.default,
    errorRetry: { maxNumRetry: 3, retryDelayMs: 100, maxRetryDelayMs: 200 },
  },
};

/** What an error of hls.js is to a player, `opening` while no playlist has arrived; null where hls.js mends it. */
export function lossOf(error: ErrorData, opening: boolean): EngineEvent | null {
  if (!error.fatal) return null;
  if (error.type !== Hls.ErrorTypes.NETWORK_ERROR) return { kind: "broken", reason: "media" };
  const status = error.response?.code ?? 0;
  if (opening && status === 404) return { kind: "absent" };
  return { kind: opening ? "broken" : "lost", reason: blame(status) };
}

function blame(status: number): LossReason {
  return status >= 400 ? "server" : "network";
}
