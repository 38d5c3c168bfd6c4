import { type BackoffLimits, backoffMs } from "../backoff.ts";

/** The one thing that waits to be tried again, and how often it was in a row. */
export class Retry {
  readonly #random: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pending: (() => void) | null = null;
  #attempt = 0;

  /** `random` is in [0, 1), for the jitter. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** How often it was tried since it went well. */
  get attempt(): number {
    return this.#attempt;
  }

  /** Whether something waits. */
  get isPending(): boolean {
    return this.#pending !== null;
  }

  /** Which of two it is next: most of the time what is quick, each `every`th time what is thorough. */
  next(every: number, quick: () => void, thorough: () => void): () => void {
    return (this.#attempt + 1) % every === 0 ? thorough : quick;
  }

  /** Tries `again` after a wait that grows; what waited before is forgotten. */
  schedule(limits: BackoffLimits, again: () => void): void {
    clearTimeout(this.#timer);
    this.#attempt += 1;
    this.#pending = again;
    this.#timer = setTimeout(this.now, backoffMs(this.#attempt, limits, this.#random()));
  }

  /** Does at once what waits, as when a network came back. */
  readonly now = (): void => {
    clearTimeout(this.#timer);
    const again = this.#pending;
    this.#pending = null;
    again?.();
  };

  /** It went well: the next wait is a short one again. */
  forgive(): void {
    this.#attempt = 0;
  }

  /** Nothing waits any more. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#pending = null;
  }
}
