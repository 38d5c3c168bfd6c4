/** Hints that wait at the same time: the part being made, and the one before it while hls.js comes for it. */
const LIMIT = 3;

/** A part as it arrived, with the times (monotonic, ms) of its first and last byte. */
export interface Preload {
  readonly data: ArrayBuffer;
  readonly firstMs: number;
  readonly endMs: number;
}

interface Request {
  readonly abort: AbortController;
  readonly part: Promise<Preload | null>;
}

/**
 * Parts asked for as soon as they are hinted.
 *
 * The server holds the request and sends the part whole, at the instant at which it also releases the playlist
 * that lists it. Without this a part costs two round trips: one for the playlist, one for itself.
 */
export class Preloads {
  readonly #requests = new Map<string, Request>();
  readonly #address: (url: string) => string;

  /** `address` says under which address a part is asked for; it is kept under its own. */
  constructor(address: (url: string) => string = (url) => url) {
    this.#address = address;
  }

  /** Asks for a hinted part; a second hint of the same part changes nothing. */
  request(url: string): void {
    if (this.#requests.has(url)) return;
    const abort = new AbortController();
    this.#requests.set(url, { abort, part: load(this.#address(url), abort.signal) });
    for (const [oldest, request] of this.#requests) {
      if (this.#requests.size <= LIMIT) break;
      request.abort.abort();
      this.#requests.delete(oldest);
    }
  }

  /** The part, once; undefined when it was never hinted, null inside when the hint came to nothing. */
  take(url: string): Promise<Preload | null> | undefined {
    const request = this.#requests.get(url);
    this.#requests.delete(url);
    return request?.part;
  }

  /** Drops everything that is under way. */
  clear(): void {
    for (const request of this.#requests.values()) request.abort.abort();
    this.#requests.clear();
  }
}

/** Every failure is the same to the caller: it then asks for the part in the ordinary way. */
async function load(url: string, signal: AbortSignal): Promise<Preload | null> {
  try {
    const answer = await fetch(url, { signal });
    const firstMs = performance.now();
    if (!answer.ok) return null;
    const data = await answer.arrayBuffer();
    return { data, firstMs, endMs: performance.now() };
  } catch {
    return null;
  }
}
