import { useEffect, useState, useSyncExternalStore } from "react";

import { loadPlayback, loadServerTime, type PlaybackAnswer, sendHeartbeat } from "../../api/broadcasts.ts";
import { Presence } from "../../api/presence.ts";
import { ServerClock } from "../../api/server-clock.ts";
import { openDesk, TAKES_HLS } from "../../media/desk.ts";
import { HlsPlayer } from "../../media/hls-player.ts";
import { type LoadEngines, lazyEngine } from "../../media/lazy-engine.ts";
import { Pass } from "../../media/pass.ts";
import type { PlayerState } from "../../media/player-state.ts";
import { type Advice, Receiver, type Route } from "../../media/receiver.ts";
import { WhepPlayer } from "../../media/whep-player.ts";

/** hls.js is larger than everything else together: it comes beside the page, not before it. */
const loadEngines: LoadEngines = () => import("../../media/hls-engine.ts");

/** The receiver of the page of `id`, its state and its route; closed with the page. */
export function usePlayer(id: string): [Receiver, PlayerState, Route] {
  const [{ clock, pass, player }] = useState(() => {
    const pass = new Pass((signal) => loadPlayback(id, signal));
    const clock = new ServerClock({ load: loadServerTime, monotonicNow: () => performance.now() });
    const open = lazyEngine(async () => {
      const [engines] = await Promise.all([loadEngines(), pass.ready()]);
      return engines;
    });
    const player = new Receiver({
      hls: new HlsPlayer({ open, serverNow: clock.now, random: Math.random }),
      whep: new WhepPlayer({
        connect: (configuration) => new RTCPeerConnection(configuration),
        fetch: (url, init) => fetch(url, init),
      }),
      ask: async (signal) => adviceOf(await loadPlayback(id, signal)),
      openDesk,
      takesHls: TAKES_HLS,
      serverNow: clock.now,
      random: Math.random,
    });
    return { clock, pass, player };
  });
  const state = useSyncExternalStore(player.subscribe, player.getState);
  const route = useSyncExternalStore(player.subscribe, player.getRoute);
  useEffect(() => {
    clock.start();
    pass.start();
    // A failure here is met again, and handled, when Listen is pressed.
    loadEngines().catch(() => {});
    return () => {
      clock.stop();
      pass.stop();
      player.dispose();
    };
  }, [clock, pass, player]);
  return [player, state, route];
}

function adviceOf({ transport, whepUrl, token, iceServers }: PlaybackAnswer): Advice {
  const invitation = whepUrl === null ? null : { whepUrl, token, iceServers };
  return { transport: transport === "webrtc" ? "webrtc" : "hls", invitation };
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
