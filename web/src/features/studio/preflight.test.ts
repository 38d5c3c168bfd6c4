import { expect, test } from "vitest";

import { checks, isReady, type Known } from "./preflight.ts";

const GOOD: Known = {
  microphone: { phase: "on", deviceId: null, isMuted: false },
  peak: -12,
  webrtc: true,
  distance: { roundTripMs: 40, clockMs: 12 },
  isUnreachable: false,
};

const verdicts = (known: Partial<Known>) => checks({ ...GOOD, ...known }).map(({ verdict }) => verdict);
const ready = (known: Partial<Known>) => isReady(checks({ ...GOOD, ...known }));

test("with everything in place one can go on air", () => {
  expect(verdicts({})).toEqual(["pass", "pass", "pass", "pass"]);
  expect(ready({})).toBe(true);
});

test("without a microphone one cannot, and is told what to do", () => {
  expect(ready({ microphone: { phase: "off" } })).toBe(false);
  expect(ready({ microphone: { phase: "asking" } })).toBe(false);
  const [check] = checks({ ...GOOD, microphone: { phase: "failed", reason: "denied" } });
  expect(check).toMatchObject({ verdict: "fail", advice: expect.stringContaining("address bar") });
});

test("a level that is off is said, and keeps nobody from going on air", () => {
  const level = (peak: number) => checks({ ...GOOD, peak })[1];
  expect(level(Number.NEGATIVE_INFINITY)).toMatchObject({ verdict: "warn", advice: "Say something." });
  expect(level(-50)).toMatchObject({ verdict: "warn", advice: expect.stringContaining("quiet") });
  expect(level(-0.5)).toMatchObject({ verdict: "warn", advice: expect.stringContaining("loud") });
  expect(ready({ peak: Number.NEGATIVE_INFINITY })).toBe(true);
});

test("a station that is away, or has no WebRTC, keeps one from going on air", () => {
  expect(ready({ isUnreachable: true })).toBe(false);
  expect(ready({ webrtc: false })).toBe(false);
  expect(ready({ webrtc: null })).toBe(false);
  expect(verdicts({ distance: { roundTripMs: 900, clockMs: 0 } })[2]).toBe("warn");
});

test("a clock that is off is said", () => {
  expect(verdicts({ distance: { roundTripMs: 40, clockMs: -90_000 } })[3]).toBe("warn");
  expect(ready({ distance: { roundTripMs: 40, clockMs: -90_000 } })).toBe(true);
});
