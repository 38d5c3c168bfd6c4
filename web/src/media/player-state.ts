import type { LossReason } from "./engine.ts";

/** What the listener experiences; every phase has a screen. */
export type PlayerState =
  /** Nobody asked for sound, or asked for it to stop. */
  | { readonly phase: "idle" }
  /** Asked for, and nothing is on air at the address yet; it begins by itself. */
  | { readonly phase: "waiting" }
  | { readonly phase: "opening" }
  /** `latencySeconds`: from the programme's clock to the ear, in tenths; null while the clock is unknown. */
  | { readonly phase: "playing"; readonly latencySeconds: number | null }
  /** The browser wants a gesture before it plays. */
  | { readonly phase: "blocked" }
  /** The sound has run out and comes back by itself; `attempt` counts from 0. */
  | { readonly phase: "recovering"; readonly attempt: number; readonly reason: LossReason }
  | { readonly phase: "ended" };

/** Whether two states look the same on a screen. */
export function sameState(one: PlayerState, other: PlayerState): boolean {
  if (one.phase === "playing" && other.phase === "playing")
    return one.latencySeconds === other.latencySeconds;
  if (one.phase === "recovering" && other.phase === "recovering") {
    return one.attempt === other.attempt && one.reason === other.reason;
  }
  return one.phase === other.phase;
}
