import { loadPlayback } from "../api/broadcasts.ts";
import { session } from "../api/station.ts";
import { Microphone, openMeter } from "../media/microphone.ts";
import type { StageParts } from "../media/stage-peer.ts";
import type { UpstreamParts } from "../media/upstream.ts";

/** How sound leaves this browser for the broadcast `id`. */
export function upstreamParts(id: string): UpstreamParts {
  return {
    connect: (configuration) => new RTCPeerConnection(configuration),
    fetch: (url, init) => fetch(url, init),
    token: session.token,
    iceServers: async (signal) => (await loadPlayback(id, signal)).iceServers,
    random: Math.random,
  };
}

/** How the stage of the broadcast `id` is heard and spoken on. */
export function stageParts(id: string): StageParts {
  return { ...upstreamParts(id), play, follow };
}

/** A microphone of this browser. */
export function browserMicrophone(): Microphone {
  return new Microphone({ devices: navigator.mediaDevices, measure: openMeter });
}

function play(track: MediaStreamTrack): () => void {
  const audio = new Audio();
  audio.srcObject = new MediaStream([track]);
  // Whoever is on stage has pressed something, and their microphone is on: browsers let that play.
  audio.play().catch(() => {});
  return () => {
    audio.pause();
    audio.srcObject = null;
  };
}

function follow(session: string, onSlots: (json: string) => void): () => void {
  const events = new EventSource(session);
  events.addEventListener("slots", ({ data }: MessageEvent<string>) => onSlots(data));
  return () => events.close();
}
