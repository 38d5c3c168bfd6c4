import { expect, test } from "vitest";
import { barsOf } from "./waveform.ts";

const mono = (...data: number[]) => ({ channels: 1, data });

test("a bar is the loudest of its stretch, and the loudest bar is 1", () => {
  expect(barsOf(mono(-10, 20, -40, 5, 0, 1, -2, 80), 2)).toEqual([0.5, 1]);
});

test("both channels count", () => {
  const stereo = { channels: 2, data: [-1, 1, -100, 50, -200, 2, 0, 0] };
  expect(barsOf(stereo, 8)).toEqual([0.5, 1]);
});

test("there are never more bars than pixels, and none in silence", () => {
  expect(barsOf(mono(-1, 1, -1, 1), 200)).toEqual([1, 1]);
  expect(barsOf(mono(0, 0, 0, 0), 200)).toEqual([]);
  expect(barsOf(mono(), 200)).toEqual([]);
});
