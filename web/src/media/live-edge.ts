/** How long one sighting of the edge counts, in milliseconds: long enough to outlive a bad patch of network. */
const MEMORY_MS = 15_000;

/** More than `ultra` produces in the memory. */
const SIGHTINGS = 150;

interface Sighting {
  /** Media time minus clock time, in seconds. */
  readonly lead: number;
  readonly atMs: number;
}

/**
 * Where the live edge is now, told only where it was when each playlist arrived.
 *
 * The edge moves on with the clock, and a playlist can only arrive late, never early. So the earliest arrival
 * of the last while is the truth, and the late ones say nothing about the edge.
 */
export class LiveEdge {
  #sightings: Sighting[] = [];
  #timeline = 0;
  #playlists = 0;

  /**
   * A playlist arrived at `nowMs` (monotonic) and ended at `end` (seconds of media time) on `timeline`.
   *
   * What was seen on another timeline is forgotten: after a restart of the server media time leaps less far
   * than the clock, because the part of a slot that was never filled has no length.
   */
  observe(end: number, timeline: number, nowMs: number): void {
    this.#playlists += 1;
    if (timeline !== this.#timeline) this.#sightings = [];
    this.#timeline = timeline;
    this.#forget(nowMs);
    this.#sightings.push({ lead: end - nowMs / 1000, atMs: nowMs });
    if (this.#sightings.length > SIGHTINGS) this.#sightings.shift();
  }

  /** The edge at `nowMs` in seconds of media time; null while nothing was seen. */
  at(nowMs: number): number | null {
    this.#forget(nowMs);
    if (this.#sightings.length === 0) return null;
    return nowMs / 1000 + Math.max(...this.#sightings.map((sighting) => sighting.lead));
  }

  /** Whether `at` is to be relied on: the first playlist alone may be a whole part late. */
  get isSure(): boolean {
    return this.#playlists > 1;
  }

  /** Somebody else's playlists come now. */
  reset(): void {
    this.#sightings = [];
    this.#playlists = 0;
  }

  #forget(nowMs: number): void {
    const newest = this.#sightings.at(-1);
    this.#sightings = this.#sightings.filter(
      (sighting) => sighting === newest || nowMs - sighting.atMs <= MEMORY_MS,
    );
  }
}
