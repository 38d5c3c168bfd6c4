import { useEffect, useState, useSyncExternalStore } from "react";

import { loadPlayback, loadServerTime, sendHeartbeat } from "../../api/broadcasts.ts";
import { Presence } from "../../api/presence.ts";
import { ServerClock } from "../../api/server-clock.ts";
import { HlsPlayer } from "../../media/hls-player.ts";
import { type LoadEngines, lazyEngine } from "../../media/lazy-engine.ts";
import { Pass } from "../../media/pass.ts";
import type { PlayerState } from "../../media/player-state.ts";

/** hls.js is larger than everything else together: it comes beside the page, not before it. */
const loadEngines: LoadEngines = () => import("../../media/hls-engine.ts");

/** The player of the page of `id`, and its state; closed with the page. */
export function usePlayer(id: string): [HlsPlayer, PlayerState] {
  const [{ clock, pass, player }] = useState(() => {
    const pass = new Pass((signal) => loadPlayback(id, signal));
    const clock = new ServerClock({ load: loadServerTime, monotonicNow: () => performance.now() });
    const open = lazyEngine(async () => {
      const [engines] = await Promise.all([loadEngines(), pass.ready()]);
      return engines;
    });
    return { clock, pass, player: new HlsPlayer({ open, serverNow: clock.now, random: Math.random }) };
  });
  const state = useSyncExternalStore(player.subscribe, player.getState);
  useEffect(() => {
    clock.start();
    pass.start();
    // A failure here is met again, and handled, when Listen is pressed.
    loadEngines().catch(() => {});
    return () => {
      clock.stop();
      pass.stop();
      player.close();
    };
  }, [clock, pass, player]);
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
