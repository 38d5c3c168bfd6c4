/** What a watched thing looks like at this moment. */
export type Watched<T> =
  | { readonly status: "loading" }
  | { readonly status: "known"; readonly value: T }
  /** The last answer stays when there was one; the next question is on its way. */
  | { readonly status: "unreachable"; readonly value: T | null };

/** Where the wait ends up when the server stays away, unless it is longer anyhow. */
const SLOWEST_MS = 30_000;

/** Those that somebody looks at. */
const running = new Set<{ readonly again: () => void }>();

/** Asks all at once, as when somebody wants a page to be new. */
export function refreshAll(): void {
  for (const watch of running) watch.again();
}

/** Asks the same question again and again while somebody looks, and not while the page is hidden. */
export class Watch<T> {
  readonly #load: (signal: AbortSignal) => Promise<T>;
  readonly #everyMs: number;
  readonly #listeners = new Set<() => void>();
  #state: Watched<T> = { status: "loading" };
  #asking: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(load: (signal: AbortSignal) => Promise<T>, everyMs: number) {
    this.#load = load;
    this.#everyMs = everyMs;
  }

  /** The same object until it changes. */
  readonly getState = (): Watched<T> => this.#state;

  /** The first subscriber starts the questions, the last one's leaving ends them. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  /** Asks at once, as after a change of one's own. */
  readonly again = (): void => {
    if (this.#listeners.size === 0) return;
    clearTimeout(this.#timer);
    void this.#ask();
  };

  #start(): void {
    running.add(this);
    document.addEventListener("visibilitychange", this.#onVisibility);
    void this.#ask();
  }

  #stop(): void {
    running.delete(this);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
  }

  readonly #onVisibility = (): void => {
    clearTimeout(this.#timer);
    if (!document.hidden) void this.#ask();
  };

  async #ask(): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const value = await this.#load(asking.signal);
      if (asking.signal.aborted) return;
      this.#failures = 0;
      this.#become({ status: "known", value });
    } catch {
      if (asking.signal.aborted) return;
      this.#failures += 1;
      const value = this.#state.status === "loading" ? null : this.#state.value;
      this.#become({ status: "unreachable", value });
    }
    if (document.hidden) return;
    const slowest = Math.max(SLOWEST_MS, this.#everyMs);
    const wait = Math.min(this.#everyMs * 2 ** Math.min(this.#failures, 10), slowest);
    this.#timer = setTimeout(() => void this.#ask(), wait * (0.8 + Math.random() * 0.4));
  }

  #become(state: Watched<T>): void {
    if (JSON.stringify(this.#state) === JSON.stringify(state)) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
