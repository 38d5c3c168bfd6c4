import type { Transport } from "./media/desk.ts";
import type { LossReason } from "./media/engine.ts";
import type { Choice } from "./media/receiver.ts";

const ONE_DECIMAL = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

const DATE = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });

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
    recorded: "Hear it again",
    goingBack: {
      title: "Going back",
      hint: "You hear what is happening now until the earlier sound is here.",
    },
    behind: { title: "Listening behind live", hint: "You hear what was said before. The broadcast goes on." },
    paused: { title: "Paused", hint: "The broadcast goes on, and is kept for you to hear." },
    returning: { title: "Back to live", hint: "What is happening now is on its way." },
    again: { title: "On air again", hint: "The broadcast is back." },

    reason: {
      network: "The connection was lost.",
      server: "The server is not ready.",
      media: "The sound could not be played.",
    } satisfies Record<LossReason, string>,
    latency: (seconds: number) => `${ONE_DECIMAL.format(seconds)} s`,
    latencyLabel: "behind live",
    latencyUnknown: "Live",

    rewind: {
      label: "What is kept of this broadcast",
      back: "Back 30 s",
      forward: "Ahead 30 s",
      pause: "Pause",
      play: "Play",
      toLive: "Back to live",
      place: (secondsBehind: number) => `${clock(secondsBehind)} behind live`,
      length: (seconds: number) => clock(seconds),
      now: "now",
    },

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

  recording: {
    loading: "Looking for the recording",
    unreachable: "The server does not answer. This page keeps trying.",
    missing: "There is no such recording",
    missingHint: "It may have been taken back, or the address is mistyped.",
    making: "Still being made",
    makingHint: "Keep this page open: it can be heard as soon as it is done.",
    failed: "There is no sound in it",
    failedHint: "Nothing was heard while it was recorded.",
    kind: { recording: "Recording", clip: "Clip" },
    by: (host: string) => `by ${host}`,
    of: "from",
    seek: "Place in the recording",
    place: (position: number, length: number) => `${clock(position)} of ${clock(length)}`,
    play: "Play",
    again: "Play again",
    pause: "Pause",
    unblock: "Turn on the sound",
    back: "Back 10 s",
    forward: "Ahead 10 s",
    speed: "Speed",
    times: (speed: number) => `${speed}×`,
    opening: "The sound is on its way.",
    recovering: "Getting the sound back. Nothing for you to do; this keeps trying.",
    absent: "The sound is not there any more.",
    chapters: "Chapters",
    downloads: "Download",
    m4a: "M4A (AAC)",
    opus: "Ogg Opus",
    share: "Share",
    shared: "The link is copied.",
    link: "The link to this page",
    recent: "To hear again",
    date: (time: string) => DATE.format(new Date(time)),
    length: (seconds: number) => clock(seconds),
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

/** Seconds as a clock shows them: 65 → "1:05", 3725 → "1:02:05". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (part: number) => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
