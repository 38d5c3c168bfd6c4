/** Questions in one setting of the clock; the one with the shortest round trip counts. */
const QUESTIONS = 5;

/** Two good quartz clocks part by a few milliseconds in this time. */
const AGAIN_MS = 5 * 60_000;

/** After a failed setting. */
const RETRY_MS = 30_000;

/** What the clock needs from outside. */
export interface ServerClockParts {
  /** The server's wall clock in milliseconds since 1970. */
  readonly load: (signal: AbortSignal) => Promise<number>;
  /** A clock that never steps, in milliseconds from anywhere. */
  readonly monotonicNow: () => number;
}

/**
 * The server's wall clock, as seen from here.
 *
 * The answer is taken to be of the middle of its round trip, so the error is at most half of the shortest one.
 * The page's own wall clock does not matter: it may be wrong by hours.
 */
export class ServerClock {
  readonly #parts: ServerClockParts;
  #offsetMs: number | null = null;
  #running: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: ServerClockParts) {
    this.#parts = parts;
  }

  /** Milliseconds since 1970; null until the first answer. */
  readonly now = (): number | null =>
    this.#offsetMs === null ? null : this.#parts.monotonicNow() + this.#offsetMs;

  /** Sets the clock now and from time to time. */
  start(): void {
    if (this.#running !== null) return;
    this.#running = new AbortController();
    void this.#keep(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = null;
    clearTimeout(this.#timer);
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const set = await this.#set(signal);
    if (!signal.aborted) this.#timer = setTimeout(() => void this.#keep(signal), set ? AGAIN_MS : RETRY_MS);
  }

  async #set(signal: AbortSignal): Promise<boolean> {
    let best: { roundTrip: number; offset: number } | null = null;
    for (let question = 0; question < QUESTIONS && !signal.aborted; question++) {
      try {
        const asked = this.#parts.monotonicNow();
        const server = await this.#parts.load(signal);
        const answered = this.#parts.monotonicNow();
        const roundTrip = answered - asked;
        if (best === null || roundTrip < best.roundTrip) {
          best = { roundTrip, offset: server - (asked + answered) / 2 };
        }
      } catch {
        break;
      }
    }
    if (best === null) return false;
    this.#offsetMs = best.offset;
    return true;
  }
}
