/** What of a request is counted. */
export interface Request {
  readonly name: string;
  /** Bytes of header and body as they were sent; 0 where another host does not tell. */
  readonly transferSize: number;
  /** When it was done, by the page's clock in milliseconds. */
  readonly responseEnd: number;
}

/** A minute, and what is told of it. */
const MINUTE_MS = 60_000;

/** Requests of a minute that are remembered; five a second in the mode that asks most, playlists with them. */
const MOST = 1200;

/** How much HLS has asked the line for: sound, playlists and everything around them. */
export class Traffic {
  readonly #heard: { readonly atMs: number; readonly bytes: number }[] = [];
  #isWhole = true;
  #sinceMs: number | null = null;

  /** Takes note of a request, where it is one for HLS. */
  add({ name, transferSize, responseEnd }: Request): void {
    if (!/\/live\/|\.m3u8(\?|$)/.test(name)) return;
    // A host that does not tell, or a cache of the browser's: the sum would be too small.
    if (transferSize === 0) this.#isWhole = false;
    this.#sinceMs ??= responseEnd;
    this.#heard.push({ atMs: responseEnd, bytes: transferSize });
    if (this.#heard.length > MOST) this.#heard.shift();
  }

  /** Bytes of the minute before `nowMs`; null before a minute is over, and where not everything is told. */
  lastMinute(nowMs: number): number | null {
    if (!this.#isWhole || this.#sinceMs === null || nowMs - this.#sinceMs < MINUTE_MS) return null;
    return this.#heard.reduce((sum, { atMs, bytes }) => (nowMs - atMs < MINUTE_MS ? sum + bytes : sum), 0);
  }
}

/** Has `traffic` take note of what this page asks for; the answer ends it. */
export function watchTraffic(traffic: Traffic): () => void {
  if (!("PerformanceObserver" in globalThis)) return () => {};
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) traffic.add(entry as PerformanceResourceTiming);
  });
  observer.observe({ type: "resource" });
  return () => observer.disconnect();
}
