import { useEffect, useState, useSyncExternalStore } from "react";

import { loadPlayback, loadServerTime, type PlaybackAnswer, sendHeartbeat } from "../../api/broadcasts.ts";
import { Presence } from "../../api/presence.ts";
import { ServerClock } from "../../api/server-clock.ts";
import { keptQuality, savesData } from "../../hooks/kept-quality.ts";
import { openDesk, TAKES_HLS } from "../../media/desk.ts";
import { HlsPlayer } from "../../media/hls-player.ts";
import { Ladder } from "../../media/ladder.ts";
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
  /** The rungs there are, and the one that is wanted. */
  readonly ladder: Ladder;
  /** Whether anybody may fetch the sound, also a device that shows no cookie; false while unknown. */
  readonly isOpen: boolean;
}

/** The players of the page of `id`; closed with the page. */
export function usePlayers(id: string): Players {
  const [isOpen, setOpen] = useState(false);
  const [{ clock, pass, player, kept, rewind, ladder }] = useState(() => {
    const pass = new Pass(async (signal) => {
      const answer = await loadPlayback(id, signal);
      setOpen(answer.expiresAt === null);
      return answer;
    });
    const ladder = new Ladder(keptQuality, savesData());
    const clock = new ServerClock({ load: loadServerTime, monotonicNow: () => performance.now() });
    const open = lazyEngine(async () => {
      const [engines] = await Promise.all([loadEngines(), pass.ready()]);
      return engines;
    }, ladder);
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
    }, ladder);
    const kept = new Replayer({ open: openTape, serverNow: clock.now, random: Math.random });
    // WebRTC has one quality, and it is not the leanest.
    if (ladder.getState().quality === "least") player.choose("hls");
    return { clock, pass, player, kept, rewind: new Rewind({ live: player, kept }), ladder };
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
  return { player, state, route, kept, replay, rewind, mode, ladder, isOpen };
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
