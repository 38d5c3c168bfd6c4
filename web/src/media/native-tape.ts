import type { EngineEvent } from "./engine.ts";
import { NativeEngine } from "./native-engine.ts";
import type { Reach, Start, Tape } from "./tape.ts";

/** Kept sound by the browser itself, for those without Media Source Extensions. */
export class NativeTape implements Tape {
  readonly #audio: HTMLAudioElement;
  readonly #engine: NativeEngine;
  readonly #tell: (event: EngineEvent) => void;
  readonly #signal = new AbortController();

  constructor(audio: HTMLAudioElement, url: string, start: Start, tell: (event: EngineEvent) => void) {
    this.#audio = audio;
    this.#tell = tell;
    const { signal } = this.#signal;
    audio.addEventListener("loadedmetadata", () => this.#begin(start), { signal, once: true });
    audio.addEventListener("progress", this.#onProgress, { signal });
    this.#engine = new NativeEngine(audio, url, tell);
  }

  resume(): void {
    this.#engine.resume();
  }

  close(): void {
    this.#signal.abort();
    this.#engine.close();
  }

  reach(): Reach | null {
    const { seekable } = this.#audio;
    if (seekable.length === 0) return null;
    return { from: seekable.start(0), to: seekable.end(seekable.length - 1) };
  }

  programTime(): number | null {
    return this.#engine.programTime();
  }

  #begin(start: Start): void {
    const reach = this.reach();
    const position = "at" in start ? start.at : (reach?.to ?? 0) - start.behind;
    this.#audio.currentTime = Math.max(position, reach?.from ?? 0);
    this.#onProgress();
    // Of what has no end yet the browser knows none.
    if (Number.isFinite(this.#audio.duration)) this.#tell({ kind: "closed" });
  }

  readonly #onProgress = (): void => {
    const edge = this.reach()?.to;
    if (edge !== undefined) this.#tell({ kind: "advanced", edge, timeline: 0 });
  };
}
