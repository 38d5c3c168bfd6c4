import type { Addresses, Receiver } from "./receiver.ts";
import type { Replayer } from "./replayer.ts";

/** Nearer to the end than this there is nothing that live does not bring sooner, in seconds. */
const NEAR_LIVE = 8;

/** Which of the two is heard, and where it goes. */
export type RewindMode = "live" | "going back" | "behind" | "returning";

/** What a rewind moves between. */
export interface RewindParts {
  readonly live: Pick<Receiver, "getState" | "subscribe" | "attach" | "close">;
  readonly kept: Pick<Replayer, "getState" | "subscribe" | "attach" | "seek" | "close">;
}

/** Where both are heard, and from where. */
export interface Places {
  readonly live: HTMLAudioElement;
  readonly kept: HTMLAudioElement;
  readonly addresses: Addresses;
}

/**
 * From live to what is kept of a broadcast that goes on, and back: one of the two is heard until the other has sound,
 * and not a moment longer.
 */
export class Rewind {
  readonly #parts: RewindParts;
  readonly #listeners = new Set<() => void>();
  #mode: RewindMode = "live";

  constructor(parts: RewindParts) {
    this.#parts = parts;
    parts.live.subscribe(this.#onLive);
    parts.kept.subscribe(this.#onKept);
  }

  readonly getMode = (): RewindMode => this.#mode;

  /** Calls `listener` after every change of the mode; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Goes so many seconds back, or forward where they are negative. To be called from a gesture. */
  back(seconds: number, places: Places): void {
    if (this.#mode === "live") {
      const state = this.#parts.live.getState();
      if (state.phase !== "playing" || seconds <= 0) return;
      const { kept } = this.#parts;
      this.#become("going back");
      kept.attach(places.kept, keptUrl(places.addresses.hlsUrl), {
        behind: seconds + (state.latencySeconds ?? 0),
      });
    } else {
      this.seek(this.#parts.kept.getState().position - seconds, places);
    }
  }

  /** Goes to a position of what is kept (seconds of media time); near its end that is live. From a gesture. */
  seek(position: number, places: Places): void {
    if (this.#mode === "live") return;
    const { reach, isLive } = this.#parts.kept.getState();
    if (isLive && reach !== null && position > reach.to - NEAR_LIVE) this.toLive(places);
    else this.#parts.kept.seek(position);
  }

  /** Goes back to what is happening now. To be called from a gesture. */
  toLive(places: Places): void {
    if (this.#mode === "going back") {
      this.#become("live");
      this.#parts.kept.close();
    } else if (this.#mode === "behind") {
      this.#become("returning");
      this.#parts.live.attach(places.live, places.addresses);
    }
  }

  /** Ends both. */
  close(): void {
    this.#become("live");
    this.#parts.kept.close();
    this.#parts.live.close();
  }

  readonly #onKept = (): void => {
    const { phase } = this.#parts.kept.getState();
    if (this.#mode === "going back" && phase === "playing") {
      this.#become("behind");
      this.#parts.live.close();
    } else if (phase === "absent" && this.#mode !== "live") {
      // Nothing is kept: what is heard stays, and what is not does not come.
      this.#become("live");
      this.#parts.kept.close();
    } else if (phase === "ended" && this.#mode !== "live") {
      this.close();
    }
  };

  readonly #onLive = (): void => {
    const { phase } = this.#parts.live.getState();
    if (this.#mode !== "returning") return;
    if (phase === "playing") {
      this.#become("live");
      this.#parts.kept.close();
    } else if (phase === "blocked") {
      this.#parts.live.close();
    } else if (phase === "idle" || phase === "ended") {
      this.#become("behind");
    }
  };

  #become(mode: RewindMode): void {
    if (this.#mode === mode) return;
    this.#mode = mode;
    for (const listener of this.#listeners) listener();
  }
}

/** Where all that is kept of a broadcast is listed, beside its live playlist. */
function keptUrl(hlsUrl: string): string {
  return hlsUrl.replace(/index\.m3u8(?=$|\?)/, "dvr.m3u8");
}
