import type { Ladder } from "./ladder.ts";

/** What interrupted the sound, in words a screen can choose from. */
export type LossReason = "network" | "server" | "media";

/** What an engine tells the player. */
export type EngineEvent =
  /** The address knows no programme (404): nothing is on air there now. */
  | { readonly kind: "absent" }
  /** The engine has stopped loading; what it has buffered plays on. `resume` continues it. */
  | { readonly kind: "lost"; readonly reason: LossReason }
  /** The engine cannot go on; only a new one can. */
  | { readonly kind: "broken"; readonly reason: LossReason }
  /**
   * A playlist arrived, which ends at `edge` (seconds of media time). Each discontinuity before the edge makes
   * a new `timeline`: between two of them media time need not pass as the clock does.
   */
  | { readonly kind: "advanced"; readonly edge: number; readonly timeline: number }
  /** The playlist has its end: nothing follows what it lists. */
  | { readonly kind: "closed" };

/** What brings the bytes of one address into one media element. Made open; `close` ends everything. */
export interface Engine {
  /** Goes on after `lost`. */
  resume(): void;
  close(): void;
  /** The distance the playlist asks for, in seconds; null while unknown or where the engine keeps it itself. */
  holdBack(): number | null;
  /** The length of a Partial Segment in seconds, 0 where there are none. */
  partTarget(): number;
  /** The wall clock (ms since 1970, the server's) of what is heard now; null while unknown. */
  programTime(): number | null;
}

/** Opens `url` on `audio`; never throws, says everything through `tell`. Loads what `ladder` wants, where it can. */
export type OpenEngineOn = (
  audio: HTMLAudioElement,
  url: string,
  tell: (event: EngineEvent) => void,
  ladder: Ladder,
) => Engine;

/** The same, with a ladder that is known already. */
export type OpenEngine = (audio: HTMLAudioElement, url: string, tell: (event: EngineEvent) => void) => Engine;
