import type { BroadcastEdit } from "../../api/own.ts";
import type { OwnBroadcast } from "../../api/studio.ts";

export const VISIBILITIES = ["public", "unlisted", "private"] as const;
export const LATENCIES = ["low", "ultra", "standard"] as const;
export const PROFILES = ["voice", "standard", "music"] as const;

export type Visibility = (typeof VISIBILITIES)[number];
export type Latency = (typeof LATENCIES)[number];
export type Profile = (typeof PROFILES)[number];

/** What a listener is sent by WebRTC, in kb/s with everything around it (docs/MEDIA.md). */
const KILOBITS: Readonly<Record<Profile, number>> = { voice: 50, standard: 90, music: 155 };

/** A broadcast as a form has it. */
export interface Draft {
  readonly title: string;
  readonly description: string;
  /** As they are written: separated by commas. */
  readonly tags: string;
  /** As `<input type="datetime-local">` has it, in the time of this device; empty for none. */
  readonly start: string;
  readonly visibility: Visibility;
  readonly latencyMode: Latency;
  readonly audioProfile: Profile;
  readonly maxSpeakers: number;
  readonly recordingEnabled: boolean;
  readonly levelling: boolean;
  readonly noiseSuppression: boolean;
}

export const NEW: Draft = {
  title: "",
  description: "",
  tags: "",
  start: "",
  visibility: "public",
  latencyMode: "low",
  audioProfile: "standard",
  maxSpeakers: 8,
  recordingEnabled: true,
  levelling: false,
  noiseSuppression: false,
};

/** What a form begins with for a broadcast that there is. */
export function draftOf(broadcast: OwnBroadcast): Draft {
  const { title, description, tags, maxSpeakers, recordingEnabled, levelling, noiseSuppression } = broadcast;
  const one = <T extends string>(known: readonly T[], value: string, otherwise: T): T =>
    known.find((name) => name === value) ?? otherwise;
  return {
    title,
    description,
    tags: tags.join(", "),
    start: broadcast.scheduledStartTime === null ? "" : localOf(broadcast.scheduledStartTime),
    visibility: one(VISIBILITIES, broadcast.visibility, "private"),
    latencyMode: one(LATENCIES, broadcast.latencyMode, "low"),
    audioProfile: one(PROFILES, broadcast.audioProfile, "standard"),
    maxSpeakers,
    recordingEnabled,
    levelling,
    noiseSuppression,
  };
}

/** What the station is told; a start that did not change is not told again, for it may have passed. */
export function editOf(draft: Draft, before: Draft = NEW): BroadcastEdit & { readonly title: string } {
  const { tags, start, title, ...rest } = draft;
  return {
    ...rest,
    title: title.trim(),
    tags: [...new Set(tags.split(/[,،]/).map((tag) => tag.trim()))].filter((tag) => tag !== ""),
    ...(start === before.start
      ? {}
      : { scheduledStartTime: start === "" ? null : new Date(start).toISOString() }),
  };
}

/** Whether a start that was chosen has passed. */
export function isPast(start: string, now: Date): boolean {
  return start !== "" && new Date(start) < now;
}

/** What an hour costs a listener, in megabytes. */
export function megabytesAnHour(profile: Profile): number {
  return Math.round((KILOBITS[profile] * 3600) / 8 / 1000);
}

/** An instant as the field for local times has it. */
function localOf(instant: string): string {
  const date = new Date(instant);
  const shifted = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
