import { useEffect, useState, useSyncExternalStore } from "react";

import { loadPlayback, loadServerTime, type PlaybackAnswer, sendHeartbeat } from "../../api/broadcasts.ts";
import { Presence } from "../../api/presence.ts";
import { ServerClock } from "../../api/server-clock.ts";
import { openDesk, TAKES_HLS } from "../../media/desk.ts";
import { HlsPlayer } from "../../media/hls-player.ts";
import { type LoadEngines, lazyEngine } from "../../media/lazy-engine.ts";
import { type LoadTapes, lazyTape } from "../../media/lazy-tape.ts";
import { Pass } from "../../media/pass.ts";
import type { PlayerState } from "../../media/player-state.ts";
import { type Advice, Receiver, type Route } from "../../media/receiver.ts";
import { Replayer, type ReplayState } from "../../media/replayer.ts";
import { Rewind, type RewindMode } from "../../media/rewind.ts";
import { WhepPlayer } from "../../media/whep-player.ts";

/** hls.js is larger than everything else together: it comes beside the page, not before it. */
const loadEngines: LoadEngines = () => import("../../media/hls-engine.ts");

/** Nobody waits for it who does not go back. */
const loadTapes: LoadTapes = () => import("../../media/hls-tape.ts");

/** What plays on the page of a broadcast, and how it does. */
export interface Players {
  readonly player: Receiver;
  readonly state: PlayerState;
  readonly route: Route;
  /** What is kept, for who goes back. */
  readonly kept: Replayer;
  readonly replay: ReplayState;
  readonly rewind: Rewind;
  readonly mode: RewindMode;
}

/** The players of the page of `id`; closed with the page. */
export function usePlayers(id: string): Players {
  const [{ clock, pass, player, kept, rewind }] = useState(() => {
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
    const openTape = lazyTape(async () => {
      const [tapes] = await Promise.all([loadTapes(), pass.ready()]);
      return tapes;
    });
    const kept = new Replayer({ open: openTape, serverNow: clock.now, random: Math.random });
    return { clock, pass, player, kept, rewind: new Rewind({ live: player, kept }) };
  });
  const state = useSyncExternalStore(player.subscribe, player.getState);
  const route = useSyncExternalStore(player.subscribe, player.getRoute);
  const replay = useSyncExternalStore(kept.subscribe, kept.getState);
  const mode = useSyncExternalStore(rewind.subscribe, rewind.getMode);
  useEffect(() => {
    clock.start();
    pass.start();
    // A failure here is met again, and handled, when Listen is pressed.
    loadEngines().catch(() => {});
    return () => {
      clock.stop();
      pass.stop();
      rewind.close();
      player.dispose();
    };
  }, [clock, pass, player, rewind]);
  return { player, state, route, kept, replay, rewind, mode };
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
