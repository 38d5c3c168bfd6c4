import type { Engine, EngineEvent, OpenEngine, OpenEngineOn } from "./engine.ts";
import type { Ladder } from "./ladder.ts";

/** The module that opens engines, on its way. */
export type LoadEngines = () => Promise<{ readonly openEngine: OpenEngineOn }>;

/**
 * Opens engines of a module that is loaded beside the page. One that does not arrive is a loss like any other:
 * the player asks again.
 */
export function lazyEngine(load: LoadEngines, ladder: Ladder): OpenEngine {
  return (audio, url, tell) =>
    new LazyEngine(
      async () => {
        const { openEngine } = await load();
        return (audio, url, tell) => openEngine(audio, url, tell, ladder);
      },
      audio,
      url,
      tell,
    );
}

class LazyEngine implements Engine {
  #engine: Engine | null = null;
  #closed = false;

  constructor(
    load: () => Promise<OpenEngine>,
    audio: HTMLAudioElement,
    url: string,
    tell: (event: EngineEvent) => void,
  ) {
    load().then(
      (open) => {
        if (!this.#closed) this.#engine = open(audio, url, tell);
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
