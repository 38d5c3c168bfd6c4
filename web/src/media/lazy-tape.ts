import type { EngineEvent } from "./engine.ts";
import type { Ladder } from "./ladder.ts";
import type { OpenTape, OpenTapeOn, Reach, Start, Tape } from "./tape.ts";

/** The module that opens tapes, on its way. */
export type LoadTapes = () => Promise<{ readonly openTape: OpenTapeOn }>;

/** Opens tapes of a module that is loaded beside the page; one that does not arrive is a loss like any other. */
export function lazyTape(load: LoadTapes, ladder: Ladder): OpenTape {
  return (audio, url, start, tell) =>
    new LazyTape(
      async () => {
        const { openTape } = await load();
        return (audio, url, start, tell) => openTape(audio, url, start, tell, ladder);
      },
      audio,
      url,
      start,
      tell,
    );
}

class LazyTape implements Tape {
  #tape: Tape | null = null;
  #closed = false;

  constructor(
    load: () => Promise<OpenTape>,
    audio: HTMLAudioElement,
    url: string,
    start: Start,
    tell: (event: EngineEvent) => void,
  ) {
    load().then(
      (open) => {
        if (!this.#closed) this.#tape = open(audio, url, start, tell);
      },
      () => {
        if (!this.#closed) tell({ kind: "broken", reason: "network" });
      },
    );
  }

  resume(): void {
    this.#tape?.resume();
  }

  close(): void {
    this.#closed = true;
    this.#tape?.close();
  }

  reach(): Reach | null {
    return this.#tape?.reach() ?? null;
  }

  programTime(): number | null {
    return this.#tape?.programTime() ?? null;
  }
}
