import { useEffect, useRef, useState } from "react";

import { type Distance, measureDistance, type OwnBroadcast, startBroadcast } from "../../api/studio.ts";
import { browserMicrophone, stageParts, upstreamParts } from "../../hooks/outside.ts";
import { useStateOf } from "../../hooks/use-state-of.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import type { Device, Microphone, MicrophoneState, Treatment } from "../../media/microphone.ts";
import { StagePeer } from "../../media/stage-peer.ts";
import type { UpstreamState } from "../../media/upstream.ts";
import { type Health, WhipPublisher } from "../../media/whip-publisher.ts";

/** How often the distance to the station is measured, in milliseconds. */
const DISTANCE_MS = 5000;

/** How often the level is looked at for its highest peak, and how long that stays, in milliseconds. */
const LEVEL_MS = 200;
const HOLD_MS = 4000;

/** Whose programme it is hears it as it is. */
const AS_A_HOST: Treatment = { echo: true, noise: false, gain: false, music: false };

/** What a host has in front of them. */
export interface Studio {
  readonly microphone: Microphone;
  readonly heard: MicrophoneState;
  readonly devices: readonly Device[];
  readonly treatment: Treatment;
  readonly publisher: UpstreamState;
  readonly health: Health;
  readonly speaking: ReadonlySet<string>;
  /** The highest peak of the last seconds, in dB below full scale. */
  readonly peak: number;
  readonly distance: Distance | null;
  readonly isUnreachable: boolean;
  /** Asks for a microphone, or for another one; from a gesture at first. */
  readonly open: (deviceId: string | null, treatment: Treatment) => void;
  readonly goLive: (broadcast: OwnBroadcast) => Promise<void>;
  readonly leave: () => void;
}

/** The studio of the broadcast `id`; `hasGuests` where somebody else is on its stage. */
export function useStudio(id: string, hasGuests: boolean): Studio {
  const [{ microphone, publisher, peer }] = useState(() => ({
    microphone: browserMicrophone(),
    publisher: new WhipPublisher(upstreamParts(id)),
    peer: new StagePeer(stageParts(id)),
  }));
  const heard = useStateOf(microphone);
  const devices = useStateOf({ getState: microphone.getDevices, subscribe: microphone.subscribe });
  const state = useStateOf(publisher);
  const health = useStateOf({ getState: publisher.getHealth, subscribe: publisher.subscribe });
  const speaking = useStateOf({ getState: peer.getSpeaking, subscribe: peer.subscribe });
  const [treatment, setTreatment] = useState(AS_A_HOST);
  const { watched } = useWatch(measureDistance, DISTANCE_MS);
  const peak = usePeak(microphone);

  useEffect(() => {
    addEventListener("online", publisher.hurry);
    return () => {
      removeEventListener("online", publisher.hurry);
      publisher.close();
      microphone.close();
    };
  }, [publisher, microphone]);

  const isLive = state.phase === "live";
  // Being live is what a start answers: a broadcast that waits for it is on air from then on.
  useEffect(() => {
    if (!isLive) return;
    startBroadcast(id).catch(() => publisher.close());
  }, [isLive, id, publisher]);

  const hearsGuests = hasGuests && (isLive || state.phase === "recovering") && heard.phase === "on";
  useEffect(() => {
    // The host's voice goes out by WHIP; on the stage they say nothing, and hear the others as they are.
    const silent = hearsGuests ? (microphone.track?.clone() ?? null) : null;
    if (silent === null) return undefined;
    silent.enabled = false;
    peer.open(`/stage/${encodeURIComponent(id)}`, silent);
    addEventListener("online", peer.hurry);
    return () => {
      removeEventListener("online", peer.hurry);
      peer.close();
      silent.stop();
    };
  }, [hearsGuests, id, microphone, peer]);

  return {
    microphone,
    heard,
    devices,
    treatment,
    publisher: state,
    health,
    speaking,
    peak,
    distance: watched.status === "loading" ? null : watched.value,
    isUnreachable: watched.status === "unreachable",
    open: (deviceId, wanted) => {
      setTreatment(wanted);
      void microphone.open(deviceId, wanted).then((isOn) => {
        const { track } = microphone;
        if (isOn && track !== null) void publisher.setTrack(track);
      });
    },
    goLive: async (broadcast) => {
      const { track } = microphone;
      if (track === null) return;
      // What has ended takes no publisher before it is started anew.
      if (broadcast.status === "ended" || broadcast.status === "cancelled") await startBroadcast(id);
      // Here, whatever address of the station encoders are told.
      publisher.open(`/whip/${encodeURIComponent(broadcast.id)}`, track, treatment.music ? "music" : "voice");
    },
    leave: () => publisher.close(),
  };
}

function usePeak(microphone: Microphone): number {
  const [peak, setPeak] = useState(Number.NEGATIVE_INFINITY);
  const held = useRef({ peak: Number.NEGATIVE_INFINITY, atMs: 0 });
  useEffect(() => {
    const timer = setInterval(() => {
      const now = performance.now();
      const level = microphone.level().peak;
      if (level >= held.current.peak || now - held.current.atMs > HOLD_MS) {
        held.current = { peak: level, atMs: now };
        setPeak(Math.round(level));
      }
    }, LEVEL_MS);
    return () => clearInterval(timer);
  }, [microphone]);
  return peak;
}
