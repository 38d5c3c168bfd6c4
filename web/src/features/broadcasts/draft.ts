import type { BroadcastEdit, Scope } from "../../api/own.ts";
import type { OwnBroadcast } from "../../api/studio.ts";
import { hereZone, instantOf, localOf } from "../../zones.ts";
import { ONCE, type Repeat, repeatOf, ruleOf } from "./recurrence.ts";

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
  /** As `<input type="datetime-local">` has it, by the clocks of `zone`; empty for none. */
  readonly start: string;
  /** An IANA time zone; empty where none was chosen, which is that of this device. */
  readonly zone: string;
  readonly repeat: Repeat;
  /** How long it is meant to last, as it is written; empty where that is open. */
  readonly minutes: string;
  /** Seconds before the start at which followers are reminded. */
  readonly reminders: readonly number[];
  readonly autoStart: boolean;
  readonly startOnTime: boolean;
  readonly endOnTime: boolean;
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
  zone: "",
  repeat: ONCE,
  minutes: "",
  reminders: [],
  autoStart: true,
  startOnTime: false,
  endOnTime: false,
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
  const { scheduledStartTime, durationSeconds, autoStart, startOnTime, endOnTime } = broadcast;
  const zone = broadcast.timezone ?? "";
  const start = scheduledStartTime === null ? "" : localOf(scheduledStartTime, zone || hereZone());
  const one = <T extends string>(known: readonly T[], value: string, otherwise: T): T =>
    known.find((name) => name === value) ?? otherwise;
  return {
    title,
    description,
    tags: tags.join(", "),
    start,
    zone,
    repeat: repeatOf(broadcast.recurrence, { start, zone: zone || hereZone() }),
    minutes: durationSeconds === null ? "" : String(durationSeconds / 60),
    reminders: broadcast.reminderOffsets,
    autoStart,
    startOnTime,
    endOnTime,
    visibility: one(VISIBILITIES, broadcast.visibility, "private"),
    latencyMode: one(LATENCIES, broadcast.latencyMode, "low"),
    audioProfile: one(PROFILES, broadcast.audioProfile, "standard"),
    maxSpeakers,
    recordingEnabled,
    levelling,
    noiseSuppression,
  };
}

/** What the station is told. Dates that did not change are not told again, for they may have passed. */
export function editOf(draft: Draft, before: Draft = NEW): BroadcastEdit & { readonly title: string } {
  const { tags, start: _, zone, repeat: __, minutes, reminders, title, ...rest } = draft;
  const [start, rule] = [startOf(draft), ruleOf(draft.repeat, wallOf(draft))];
  return {
    ...rest,
    title: title.trim(),
    tags: [...new Set(tags.split(/[,،]/).map((tag) => tag.trim()))].filter((tag) => tag !== ""),
    durationSeconds: minutes.trim() === "" ? null : Math.round(Number(minutes) * 60),
    reminderOffsets: [...reminders].sort((one, other) => other - one),
    ...(start === startOf(before) ? {} : { scheduledStartTime: start }),
    ...(start === null || zone === "" || zone === before.zone ? {} : { timezone: zone }),
    ...(rule === ruleOf(before.repeat, wallOf(before)) ? {} : { recurrence: rule }),
  };
}

/** The same for some occurrences of a series: how it repeats is not one's alone. */
export function scopedEdit<T extends BroadcastEdit>(edit: T, scope: Scope): T {
  if (scope !== "this") return edit;
  const { recurrence: _, timezone: __, ...alone } = edit;
  return alone as T;
}

/** Whether what was chosen concerns a series as a whole. */
export function isOfSeries(draft: Draft, before: Draft): boolean {
  return draft.zone !== before.zone || JSON.stringify(draft.repeat) !== JSON.stringify(before.repeat);
}

/** When it begins; null where that is open. */
export function startOf(draft: Draft): string | null {
  const { start, zone } = wallOf(draft);
  return start === "" ? null : instantOf(start, zone);
}

/** The start by the clocks of its zone. */
export function wallOf({ start, zone }: Draft): { readonly start: string; readonly zone: string } {
  return { start, zone: zone === "" ? hereZone() : zone };
}

/** Whether a start that was chosen has passed. */
export function isPast(draft: Draft, now: Date): boolean {
  const start = startOf(draft);
  return start !== null && new Date(start) < now;
}

/** What an hour costs a listener, in megabytes. */
export function megabytesAnHour(profile: Profile): number {
  return Math.round((KILOBITS[profile] * 3600) / 8 / 1000);
}
