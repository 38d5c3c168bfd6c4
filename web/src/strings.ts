import type { Transport } from "./media/desk.ts";
import type { LossReason } from "./media/engine.ts";
import type { Choice } from "./media/receiver.ts";

const ONE_DECIMAL = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Every word on the pages. A second language is a second file of this shape. */
export const strings = {
  name: "OnAir",
  home: "OnAir, home",
  skip: "Skip to the content",
  footer: "Live sound, a moment after it is made.",

  onAir: {
    title: "On air now",
    loading: "Looking for what is on air",
    empty: "Nothing is on air right now.",
    emptyHint: "This page looks again by itself. The moment somebody goes live, you will find it here.",
    unreachable: "The server does not answer. This page keeps trying.",
    count: (total: number) => (total === 1 ? "One broadcast is on air" : `${total} broadcasts are on air`),
    listenTo: (title: string) => `Listen to ${title}`,
  },

  listen: {
    live: "Live",
    notLive: "Not live",
    since: (minutes: number) => `On air for ${duration(minutes)}`,
    listeners: (count: number) => (count === 1 ? "1 listener" : `${count} listeners`),
    listen: "Listen",
    stop: "Stop",
    back: "Listen again",
    unblock: "Turn on the sound",
    volume: "Volume",

    ready: { title: "On air", hint: "Press Listen and you are there." },
    notYet: {
      title: "Not live yet",
      hint: "Press Listen now: the sound begins by itself when the broadcast does.",
    },
    waiting: {
      title: "Waiting",
      hint: "Keep this page open. The sound begins by itself when the broadcast does.",
    },
    opening: { title: "Opening", hint: "The sound is on its way." },
    playing: { title: "Listening", hint: "You hear what is happening now." },
    blocked: { title: "One more tap", hint: "Your browser wants you to say once more that you want sound." },
    recovering: { title: "Getting the sound back", hint: "Nothing for you to do; this keeps trying." },
    ended: { title: "The broadcast has ended", hint: "Thank you for listening." },
    again: { title: "On air again", hint: "The broadcast is back." },

    reason: {
      network: "The connection was lost.",
      server: "The server is not ready.",
      media: "The sound could not be played.",
    } satisfies Record<LossReason, string>,
    latency: (seconds: number) => `${ONE_DECIMAL.format(seconds)} s`,
    latencyLabel: "behind live",
    latencyUnknown: "Live",

    way: {
      label: "Sound by",
      choice: {
        auto: "What is free",
        webrtc: "WebRTC, the soonest",
        hls: "HLS, the steadiest",
      } satisfies Record<Choice, string>,
      heard: { webrtc: "You hear WebRTC.", hls: "You hear HLS." } satisfies Record<Transport, string>,
      movingTo: {
        webrtc: "Moving to WebRTC.",
        hls: "Moving to HLS, which takes a minute.",
      } satisfies Record<Transport, string>,
    },
  },

  apiDocs: {
    title: "The API",
    document: "The same as an OpenAPI document",
    loading: "Asking the station",
    unreachable: "The station does not answer. This page keeps trying.",
    open: "Nobody needs to sign in.",
    credentials: (schemes: readonly string[]) => `Who asks is known by: ${schemes.join(", ")}.`,
    parameters: "Parameters",
    body: "Body",
    answers: "Answers",
    required: "must be there",
  },

  notFound: {
    title: "There is nothing here",
    hint: "The address may be mistyped.",
    back: "See what is on air",
  },
} as const;

/** Minutes as a person says them: 0 → "less than a minute", 61 → "1 h 1 min". */
export function duration(minutes: number): string {
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
