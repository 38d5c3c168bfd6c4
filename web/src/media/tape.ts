import type { EngineEvent } from "./engine.ts";
import type { Ladder } from "./ladder.ts";

/** What of a tape can be heard now, in seconds of its media time. */
export interface Reach {
  readonly from: number;
  readonly to: number;
}

/** Where a tape begins to play: at a second of it, or so many seconds before the end that it has by then. */
export type Start = { readonly at: number } | { readonly behind: number };

/** Kept sound of one address, on one media element, played as it is: nothing hurries it. `close` ends everything. */
export interface Tape {
  /** Goes on after `lost`. */
  resume(): void;
  close(): void;
  /** Null while unknown. What is still being recorded reaches further with every playlist, and loses its beginning. */
  reach(): Reach | null;
  /** The wall clock (ms since 1970, the server's) of what is heard now; null while unknown. */
  programTime(): number | null;
}

/** Opens `url` on `audio`; never throws, says everything through `tell`. Loads what `ladder` wants, where it can. */
export type OpenTapeOn = (
  audio: HTMLAudioElement,
  url: string,
  start: Start,
  tell: (event: EngineEvent) => void,
  ladder: Ladder,
) => Tape;

/** The same, with a ladder that is known already. */
export type OpenTape = (
  audio: HTMLAudioElement,
  url: string,
  start: Start,
  tell: (event: EngineEvent) => void,
) => Tape;
