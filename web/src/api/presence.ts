/** How often a listener is counted anew. */
const EVERY_MS = 20_000;

/** Tells the server that somebody listens, from `start` until `stop`. */
export class Presence {
  readonly #send: (session: string, signal: AbortSignal) => Promise<void>;
  readonly #session = randomSession();
  #timer: ReturnType<typeof setInterval> | undefined;
  #running: AbortController | null = null;

  constructor(send: (session: string, signal: AbortSignal) => Promise<void>) {
    this.#send = send;
  }

  start(): void {
    if (this.#running !== null) return;
    this.#running = new AbortController();
    const { signal } = this.#running;
    const beat = () => {
      // A beat that is lost costs one listener in a count for 20 s; the next one mends it.
      this.#send(this.#session, signal).catch(() => {});
    };
    beat();
    this.#timer = setInterval(beat, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#running?.abort();
    this.#running = null;
  }
}

/** 128 bits; `crypto.randomUUID` is missing where a page comes without TLS from another machine. */
function randomSession(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
