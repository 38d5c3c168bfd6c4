import type { Broadcast } from "../../api/broadcasts.ts";
import type { PlayerState } from "../../media/player-state.ts";
import type { ReplayState } from "../../media/replayer.ts";
import type { RewindMode } from "../../media/rewind.ts";
import { strings } from "../../strings.ts";
import type { Glow } from "../../ui/Beacon.tsx";

/** What the one button of the page does. */
export type Action = "listen" | "stop" | "unblock" | "none";

/** What the page shows; made of what the player does and what the server says of the broadcast. */
export interface Screen {
  readonly title: string;
  readonly hint: string;
  readonly glow: Glow;
  readonly action: Action;
}

/**
 * The screen for a phase of the player. `broadcast` is null where the server knows none of that id, undefined
 * while it has not answered yet.
 */
export function screenOf(player: PlayerState, broadcast: Broadcast | null | undefined): Screen {
  const words = strings.listen;
  switch (player.phase) {
    case "idle":
      return beforehand(broadcast);
    case "waiting":
      return { ...words.waiting, glow: "busy", action: "stop" };
    case "opening":
      return { ...words.opening, glow: "busy", action: "stop" };
    case "playing":
      return { ...words.playing, glow: "on", action: "stop" };
    case "blocked":
      return { ...words.blocked, glow: "ready", action: "unblock" };
    case "recovering":
      return {
        title: words.recovering.title,
        hint: `${words.reason[player.reason]} ${words.recovering.hint}`,
        glow: "busy",
        action: "stop",
      };
    case "ended":
      return broadcast?.status === "live"
        ? { ...words.again, glow: "ready", action: "listen" }
        : { ...words.ended, glow: "still", action: "none" };
  }
}

/** The screen for who went back, or is on the way; null where it is live that is heard. */
export function screenBehind(mode: RewindMode, replay: ReplayState): Screen | null {
  const words = strings.listen;
  switch (mode) {
    case "live":
      return null;
    case "going back":
      return { ...words.goingBack, glow: "on", action: "stop" };
    case "returning":
      return { ...words.returning, glow: "on", action: "stop" };
    case "behind":
      return whileBehind(replay);
  }
}

function whileBehind({ phase, reason }: ReplayState): Screen {
  const words = strings.listen;
  switch (phase) {
    case "idle":
    case "opening":
      return { ...words.opening, glow: "busy", action: "stop" };
    case "playing":
      return { ...words.behind, glow: "on", action: "stop" };
    case "paused":
      return { ...words.paused, glow: "ready", action: "stop" };
    case "blocked":
      return { ...words.blocked, glow: "ready", action: "unblock" };
    case "recovering":
      return {
        title: words.recovering.title,
        hint: `${words.reason[reason]} ${words.recovering.hint}`,
        glow: "busy",
        action: "stop",
      };
    case "absent":
    case "ended":
      return { ...words.ended, glow: "still", action: "none" };
  }
}

function beforehand(broadcast: Broadcast | null | undefined): Screen {
  const words = strings.listen;
  switch (broadcast?.status) {
    case "live":
      return { ...words.ready, glow: "ready", action: "listen" };
    case "ended":
    case "cancelled":
      return { ...words.ended, glow: "still", action: "none" };
    case "scheduled":
    case undefined:
      return { ...words.notYet, glow: "still", action: "listen" };
  }
}
