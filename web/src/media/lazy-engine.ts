import type { Engine, EngineEvent, OpenEngine } from "./engine.ts";

/** The module that opens engines, on its way. */
export type LoadEngines = () => Promise<{ readonly openEngine: OpenEngine }>;

/**
 * Opens engines of a module that is loaded beside the page. One that does not arrive is a loss like any other:
 * the player asks again.
 */
export function lazyEngine(load: LoadEngines): OpenEngine {
  return (audio, url, tell) => new LazyEngine(load, audio, url, tell);
}

class LazyEngine implements Engine {
  #engine: Engine | null = null;
  #closed = false;

  constructor(load: LoadEngines, audio: HTMLAudioElement, url: string, tell: (event: EngineEvent) => void) {
    load().then(
      ({ openEngine }) => {
        if (!this.#closed) this.#engine = openEngine(audio, url, tell);
      },
      () => {
        if (!this.#closed) tell({ kind: "broken", reason: "network" });
      },
    );
  }

  resume(): void {
    this.#engine?.resume();
  }

  close(): void {
    this.#closed = true;
    this.#engine?.close();
  }

  holdBack(): number | null {
    return this.#engine?.holdBack() ?? null;
  }

  partTarget(): number {
    return this.#engine?.partTarget() ?? 0;
  }

  programTime(): number | null {
    return this.#engine?.programTime() ?? null;
  }
}
