import { useEffect, useState, useSyncExternalStore } from "react";

import { loadServerTime, sendHeartbeat } from "../../api/broadcasts.ts";
import { Presence } from "../../api/presence.ts";
import { ServerClock } from "../../api/server-clock.ts";
import { HlsPlayer } from "../../media/hls-player.ts";
import { type LoadEngines, lazyEngine } from "../../media/lazy-engine.ts";
import type { PlayerState } from "../../media/player-state.ts";

/** hls.js is larger than everything else together: it comes beside the page, not before it. */
const loadEngines: LoadEngines = () => import("../../media/hls-engine.ts");

/** The player of one page, and its state; closed with the page. */
export function usePlayer(): [HlsPlayer, PlayerState] {
  const [{ clock, player }] = useState(() => {
    const clock = new ServerClock({ load: loadServerTime, monotonicNow: () => performance.now() });
    const open = lazyEngine(loadEngines);
    return { clock, player: new HlsPlayer({ open, serverNow: clock.now, random: Math.random }) };
  });
  const state = useSyncExternalStore(player.subscribe, player.getState);
  useEffect(() => {
    clock.start();
    // A failure here is met again, and handled, when Listen is pressed.
    loadEngines().catch(() => {});
    return () => {
      clock.stop();
      player.close();
    };
  }, [clock, player]);
  return [player, state];
}

/** Counts this page as a listener of `id` while `listening`. */
export function usePresence(id: string, listening: boolean): void {
  const [presence] = useState(() => new Presence((session, signal) => sendHeartbeat(id, session, signal)));
  useEffect(() => {
    if (!listening) return undefined;
    presence.start();
    return () => presence.stop();
  }, [presence, listening]);
}
