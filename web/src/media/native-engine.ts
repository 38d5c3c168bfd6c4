import type { Engine, EngineEvent } from "./engine.ts";

/** How a browser without Media Source Extensions says when its media began. */
interface WithStartDate {
  getStartDate?(): Date;
}

const MEDIA_ERR_SRC_NOT_SUPPORTED = 4;

/** HLS by the browser itself, for those without Media Source Extensions; it keeps its own distance. */
export class NativeEngine implements Engine {
  readonly #audio: HTMLAudioElement & WithStartDate;
  readonly #tell: (event: EngineEvent) => void;
  readonly #signal = new AbortController();

  constructor(audio: HTMLAudioElement, url: string, tell: (event: EngineEvent) => void) {
    this.#audio = audio;
    this.#tell = tell;
    audio.addEventListener("error", this.#onError, { signal: this.#signal.signal });
    void this.#open(url);
  }

  resume(): void {
    this.#audio.load();
  }

  close(): void {
    this.#signal.abort();
    this.#audio.removeAttribute("src");
    this.#audio.load();
  }

  holdBack(): null {
    return null;
  }

  partTarget(): number {
    return 0;
  }

  programTime(): number | null {
    const start = this.#audio.getStartDate?.().getTime();
    return start === undefined || Number.isNaN(start) ? null : start + this.#audio.currentTime * 1000;
  }

  /** The element does not tell a missing programme from an unreadable one, so the status is asked first. */
  async #open(url: string): Promise<void> {
    try {
      const answer = await fetch(url, { cache: "no-store", signal: this.#signal.signal });
      if (answer.status === 404) this.#tell({ kind: "absent" });
      else if (!answer.ok) this.#tell({ kind: "broken", reason: "server" });
      else this.#audio.src = url;
    } catch {
      if (!this.#signal.signal.aborted) this.#tell({ kind: "broken", reason: "network" });
    }
  }

  readonly #onError = (): void => {
    const unreadable = this.#audio.error?.code === MEDIA_ERR_SRC_NOT_SUPPORTED;
    this.#tell({ kind: "broken", reason: unreadable ? "media" : "network" });
  };
}
