/** How often a pass is asked for again: it is good for a minute, and a lost answer has a second chance. */
const RENEW_MS = 25_000;

/** After an answer that did not come. */
const RETRY_MS = 5000;

/** What the server says when it is asked for a pass. */
export interface PassAnswer {
  /** Null where the broadcast is everybody's, and nobody needs a pass. */
  readonly expiresAt: string | null;
}

/**
 * Keeps the cookie fresh by which the server knows who may hear a broadcast that is not everybody's. The addresses
 * stay the same: nothing that plays them has to know.
 */
export class Pass {
  readonly #ask: (signal: AbortSignal) => Promise<PassAnswer>;
  #running: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked: Promise<void> | null = null;
  #askedAtMs = 0;

  constructor(ask: (signal: AbortSignal) => Promise<PassAnswer>) {
    this.#ask = ask;
  }

  start(): void {
    if (this.#running !== null) return;
    this.#running = new AbortController();
    void this.#renew();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = null;
    this.#asked = null;
  }

  /**
   * Resolves when the broadcast may be opened. It never fails: who gets no pass learns why from what is opened.
   */
  async ready(): Promise<void> {
    const fresh = performance.now() - this.#askedAtMs < RENEW_MS;
    await (fresh && this.#asked !== null ? this.#asked : this.#renew());
  }

  #renew(): Promise<void> {
    clearTimeout(this.#timer);
    const signal = this.#running?.signal;
    if (signal === undefined) return Promise.resolve();
    this.#askedAtMs = performance.now();
    const again = (afterMs: number) => {
      if (!signal.aborted) this.#timer = setTimeout(() => void this.#renew(), afterMs);
    };
    this.#asked = this.#ask(signal).then(
      ({ expiresAt }) => {
        if (expiresAt !== null) again(RENEW_MS);
      },
      () => again(RETRY_MS),
    );
    return this.#asked;
  }
}
