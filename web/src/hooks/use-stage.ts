import { useEffect, useRef, useState } from "react";

import type { MicrophoneState, Treatment } from "../media/microphone.ts";
import { StagePeer } from "../media/stage-peer.ts";
import type { UpstreamState } from "../media/upstream.ts";
import type { Room } from "../signal/room.ts";
import type { RoomState } from "../signal/room-state.ts";
import { browserMicrophone, stageParts } from "./outside.ts";
import { useStateOf } from "./use-state-of.ts";

/** Who hears others at the same time must not send them back. */
const AS_A_GUEST: Treatment = { echo: true, noise: true, gain: true, music: false };

/** The sound of the programme, which is silenced while one is on stage: nobody wants to hear themselves late. */
export interface Programme {
  readonly hush: () => void;
  readonly resume: () => void;
}

/** One's own place on the stage. */
export interface OnStage {
  readonly microphone: MicrophoneState;
  readonly connection: UpstreamState;
  /** The room has one on stage. */
  readonly isThere: boolean;
  /** The crew took one's voice. */
  readonly mutedByCrew: boolean;
  readonly speaking: ReadonlySet<string>;
  /** Says yes to an invitation, or comes without one; from a gesture, since the browser may ask. */
  readonly enter: (how: "acceptInvite" | "enterStage") => void;
  readonly mute: (isMuted: boolean) => void;
  readonly leave: () => void;
}

/** The stage of `id` for whoever is on this page. */
export function useStage(id: string, room: Room, state: RoomState | null, programme: Programme): OnStage {
  const [{ microphone, peer }] = useState(() => ({
    microphone: browserMicrophone(),
    peer: new StagePeer(stageParts(id)),
  }));
  const heard = useStateOf(microphone);
  const connection = useStateOf(peer);
  const speaking = useStateOf({ getState: peer.getSpeaking, subscribe: peer.subscribe });
  const own = state?.stage.find(({ user }) => user.id === state.you.id);
  const isThere = own !== undefined;
  const isOn = isThere && heard.phase === "on";
  const newest = useRef(programme);
  newest.current = programme;

  useEffect(() => {
    const { track } = microphone;
    if (!isOn || track === null) return undefined;
    newest.current.hush();
    peer.open(`/stage/${encodeURIComponent(id)}`, track);
    addEventListener("online", peer.hurry);
    return () => {
      removeEventListener("online", peer.hurry);
      peer.close();
      microphone.close();
      newest.current.resume();
    };
  }, [isOn, id, microphone, peer]);
  useEffect(() => () => microphone.close(), [microphone]);

  const enter = (how: "acceptInvite" | "enterStage") => {
    void microphone.open(null, AS_A_GUEST).then((isOn) => {
      if (!isOn) return;
      // Who is on stage already, after a reload, only lacked the microphone.
      if (!isThere && !room.ask({ type: how })) microphone.close();
    });
  };
  return {
    microphone: heard,
    connection,
    isThere,
    mutedByCrew: own?.muted ?? false,
    speaking,
    enter,
    mute: (isMuted) => microphone.mute(isMuted),
    leave: () => {
      room.ask({ type: "leaveStage" });
      microphone.close();
    },
  };
}
