/** The widest change of tempo: at 5 % a voice still sounds like itself. */
export const SLOWEST = 0.95;
export const FASTEST = 1.05;

/** Distance from the target at which a correction begins, and at which it is over, in seconds. */
const BEGIN = 0.04;
const ENOUGH = 0.01;

/** Tempo per second of distance: full speed from an eighth of a second on, gentler near the target. */
const GAIN = 0.4;

/** The least correction worth making; below it the end would never be reached. */
const GENTLEST = 0.02;

/** What a stall adds to the distance kept, at least, and all that stalls may add, in seconds. */
const STALL_COSTS = 0.1;
const STALLS_COST_AT_MOST = 3;

/** A quiet minute gives half of what stalls have added back. */
const FORGIVEN_IN_MS = 60_000;

/**
 * Keeps the playhead at one distance behind the live edge by playing a little faster or slower.
 *
 * hls.js speeds up only while more than a second is buffered, which at a hold-back of 0.384 s never happens.
 * The target is the playlist's hold-back, never less, plus a margin that each stall widens and time heals.
 */
export class CatchUp {
  #correcting = false;
  #margin = 0;
  #marginSinceMs = 0;

  /** The distance to keep at `nowMs`, in seconds, for a hold-back in seconds. */
  target(holdBack: number, nowMs: number): number {
    return holdBack + this.#marginAt(nowMs);
  }

  /** The tempo for a playhead that is `distance` seconds behind the edge and should be `target` behind. */
  rate(distance: number, target: number): number {
    const excess = distance - target;
    if (Math.abs(excess) <= ENOUGH) this.#correcting = false;
    if (Math.abs(excess) >= BEGIN) this.#correcting = true;
    if (!this.#correcting) return 1;
    const step = Math.sign(excess) * Math.max(GENTLEST, Math.abs(excess) * GAIN);
    return Math.min(FASTEST, Math.max(SLOWEST, 1 + step));
  }

  /** The sound ran dry at `nowMs`; parts last `part` seconds (0 where there are none). */
  stalled(part: number, nowMs: number): void {
    this.#margin = Math.min(STALLS_COST_AT_MOST, this.#marginAt(nowMs) + Math.max(STALL_COSTS, part / 2));
    this.#marginSinceMs = nowMs;
  }

  #marginAt(nowMs: number): number {
    return this.#margin * 0.5 ** ((nowMs - this.#marginSinceMs) / FORGIVEN_IN_MS);
  }
}
