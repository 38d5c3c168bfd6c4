import type { Distance } from "../../api/studio.ts";
import type { MicrophoneState } from "../../media/microphone.ts";
import { strings } from "../../strings.ts";

/** How a check went: `warn` does not keep anybody from going on air, `fail` does. */
export type Verdict = "wait" | "pass" | "warn" | "fail";

/** Something that is looked at before going on air, and what to do about it. */
export interface Check {
  readonly name: "microphone" | "level" | "uplink" | "clock";
  readonly verdict: Verdict;
  readonly advice: string;
}

/** What a station that answers later than this is, in milliseconds: slow. */
const SLOW_MS = 400;

/** A clock that is further away than this makes times look odd, in milliseconds. */
const CLOCK_MS = 5000;

/** Peaks below this are no voice, below that one a quiet one, and above the last are cut off; dB below full scale. */
const SILENT_DB = -60;
const QUIET_DB = -36;
const LOUD_DB = -1;

/** What is known before going on air. */
export interface Known {
  readonly microphone: MicrophoneState;
  /** The highest peak of the last seconds, in dB below full scale. */
  readonly peak: number;
  /** Whether the station has WebRTC; null while it has not said. */
  readonly webrtc: boolean | null;
  /** Null while the station has not answered. */
  readonly distance: Distance | null;
  /** Whether the station does not answer. */
  readonly isUnreachable: boolean;
}

/** What is ready, and what is not, in the order in which it is put right. */
export function checks(known: Known): readonly Check[] {
  return [microphone(known), level(known), uplink(known), clock(known)];
}

/** Whether one can go on air with this. */
export function isReady(all: readonly Check[]): boolean {
  return all.every(
    ({ name, verdict }) =>
      verdict === "pass" || verdict === "warn" || (name === "clock" && verdict === "wait"),
  );
}

function microphone({ microphone }: Known): Check {
  const words = strings.studio.check;
  const check = (verdict: Verdict, advice: string): Check => ({ name: "microphone", verdict, advice });
  switch (microphone.phase) {
    case "off":
      return check("wait", words.ask);
    case "asking":
      return check("wait", words.asking);
    case "on":
      return check("pass", words.gotIt);
    case "failed":
      return check("fail", words[microphone.reason]);
  }
}

function level({ microphone, peak }: Known): Check {
  const words = strings.studio.check;
  const check = (verdict: Verdict, advice: string): Check => ({ name: "level", verdict, advice });
  if (microphone.phase !== "on") return check("wait", words.speak);
  if (microphone.isMuted) return check("warn", strings.studio.mutedNow);
  if (peak < SILENT_DB) return check("warn", words.speak);
  if (peak < QUIET_DB) return check("warn", words.quiet);
  return peak > LOUD_DB ? check("warn", words.loud) : check("pass", words.goodLevel);
}

function uplink({ webrtc, distance, isUnreachable }: Known): Check {
  const words = strings.studio.check;
  const check = (verdict: Verdict, advice: string): Check => ({ name: "uplink", verdict, advice });
  if (isUnreachable) return check("fail", words.unreached);
  if (webrtc === false) return check("fail", words.noWebrtc);
  if (webrtc === null || distance === null) return check("wait", words.state.wait);
  const { roundTripMs } = distance;
  return roundTripMs > SLOW_MS
    ? check("warn", words.slow(roundTripMs))
    : check("pass", words.reached(roundTripMs));
}

function clock({ distance }: Known): Check {
  const words = strings.studio.check;
  const check = (verdict: Verdict, advice: string): Check => ({ name: "clock", verdict, advice });
  if (distance === null) return check("wait", words.clockUnknown);
  const offMs = Math.abs(distance.clockMs);
  return offMs > CLOCK_MS
    ? check("warn", words.clockOff(strings.common.number(offMs / 1000)))
    : check("pass", words.clockGood);
}
