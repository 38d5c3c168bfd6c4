import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FADE_MS, Sleep } from "./sleep.ts";

let did: (number | "stop")[];
let sleep: Sleep;

beforeEach(() => {
  vi.useFakeTimers();
  did = [];
  sleep = new Sleep({
    now: () => Date.now(),
    fade: (level) => did.push(level),
    stop: () => did.push("stop"),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTime(ms);

test("the sound goes softly, stops, and is as loud as before the next time", () => {
  sleep.choose(15);
  expect(sleep.getState()).toEqual({ choice: 15, minutesLeft: 15, isFading: false });
  pass(15 * 60_000 - FADE_MS - 1);
  expect([sleep.getState().minutesLeft, did]).toEqual([1, []]);
  pass(FADE_MS / 2 + 1);
  expect(sleep.getState().isFading).toBe(true);
  const halfway = did.at(-1);
  expect(halfway).toBeCloseTo(0.5, 1);
  pass(FADE_MS);
  const levels = did.filter((level) => level !== "stop");
  expect(levels.slice(0, -1)).toEqual(levels.slice(0, -1).toSorted((one, other) => other - one));
  expect(did.slice(-2)).toEqual(["stop", 1]);
  expect(sleep.getState().choice).toBeNull();
});

test("who is still awake hears on, as loud as before", () => {
  sleep.choose(30);
  pass(30 * 60_000 - FADE_MS / 2);
  sleep.choose(null);
  expect(did.at(-1)).toBe(1);
  pass(60 * 60_000);
  expect(did).not.toContain("stop");
});

test("a device that slept through it stops when it wakes", () => {
  sleep.choose(15);
  vi.setSystemTime(Date.now() + 60 * 60_000);
  pass(1000);
  expect(did).toEqual(["stop"]);
});

test("with the broadcast it stops at its end, and not before", () => {
  sleep.choose("end");
  pass(5 * 60 * 60_000);
  expect([did, sleep.getState()]).toEqual([[], { choice: "end", minutesLeft: null, isFading: false }]);
  sleep.ended();
  sleep.ended();
  expect([did, sleep.getState().choice]).toEqual([["stop"], null]);
});
