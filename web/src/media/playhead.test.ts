import { expect, test } from "vitest";
import { ranges } from "../test/fake-audio.ts";
import { jumpTo, mustHold, nextSound, pastRepetition } from "./playhead.ts";

const TARGET = 1.92;

test("a fresh ear is put at the hold-back at once", () => {
  const audio = { currentTime: 97.5, buffered: ranges([97, 100]) };
  expect(jumpTo(audio, 100, TARGET, "fresh")).toBeCloseTo(98.08, 6);
});

test("a settled ear is not made to jump for what the tempo can mend", () => {
  const audio = { currentTime: 97.5, buffered: ranges([97, 100]) };
  expect(jumpTo(audio, 100, TARGET, "settled")).toBeNull();
});

test("a settled ear that is far behind jumps", () => {
  const audio = { currentTime: 90, buffered: ranges([89, 100]) };
  expect(jumpTo(audio, 100, TARGET, "settled")).toBeCloseTo(98.08, 6);
});

test("nobody jumps to where no sound is", () => {
  const audio = { currentTime: 90, buffered: ranges([89, 95]) };
  expect(jumpTo(audio, 100, TARGET, "settled")).toBeNull();
});

test("a playhead before a hole goes on behind it", () => {
  const audio = { currentTime: 50, buffered: ranges([40, 50], [61.44, 63]) };
  expect(nextSound(audio, 63, TARGET)).toBe(61.44);
});

test("a playhead before a hole keeps its distance when there is plenty behind it", () => {
  const audio = { currentTime: 50, buffered: ranges([40, 50], [61.44, 70]) };
  expect(nextSound(audio, 70, TARGET)).toBeCloseTo(68.08, 6);
});

test("a playhead with nothing ahead waits", () => {
  expect(nextSound({ currentTime: 50, buffered: ranges([40, 50]) }, 52, TARGET)).toBeNull();
  expect(nextSound({ currentTime: 50, buffered: ranges() }, 52, TARGET)).toBeNull();
});

test("a playhead on the heels of the edge stands until the whole hold-back lies ahead", () => {
  expect(mustHold(0.64, TARGET, false)).toBe(true);
  expect(mustHold(1.5, TARGET, true)).toBe(true);
  expect(mustHold(TARGET, TARGET, true)).toBe(false);
  expect(mustHold(1.5, TARGET, false)).toBe(false);
});

test("a repetition is passed over once there is sound behind it", () => {
  const buffered = ranges([0, 10], [48, 52]);
  expect(pastRepetition({ currentTime: 50, buffered }, 1.5)).toBeCloseTo(51.5, 6);
  expect(pastRepetition({ currentTime: 50, buffered }, 2)).toBeNull();
});
