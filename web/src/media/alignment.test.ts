import { expect, test } from "vitest";
import { lagOf } from "./alignment.ts";

const RATE = 48_000;
const LENGTH = 32_768;
const MOST = 0.2;

type Sound = (seconds: number) => number;

/** A recording of `sound` that begins at `start` seconds of it. */
function record(sound: Sound, start: number): Float32Array {
  return Float32Array.from({ length: LENGTH }, (_, index) => sound(start + index / RATE));
}

const tone =
  (hertz: number): Sound =>
  (seconds) =>
    Math.sin(2 * Math.PI * hertz * seconds) / 2;

/** Something as restless as a voice: tones that rise and beat against each other. */
const voice: Sound = (seconds) =>
  (Math.sin(2 * Math.PI * (180 + 40 * seconds) * seconds) + Math.sin(2 * Math.PI * 230 * seconds ** 1.5)) / 4;

/** The same, as another codec makes of it. */
const noisy: Sound = (seconds) => voice(seconds) * 0.8 + 0.03 * Math.sin(1e7 * seconds ** 2);

test.each([0, 0.013, -0.02, 0.15, -0.15])("a voice that is %d s late is told to be", (late) => {
  const lag = lagOf(record(voice, 5), record(noisy, 5 - late), RATE, MOST);
  expect(lag).not.toBeNull();
  expect(Math.abs((lag ?? 0) - late)).toBeLessThan(0.0005);
});

test("at 44.1 kHz a lag is a lag", () => {
  const at = (start: number) =>
    Float32Array.from({ length: LENGTH }, (_, index) => voice(start + index / 44_100));
  expect(lagOf(at(5), at(5 - 0.05), 44_100, MOST)).toBeCloseTo(0.05, 3);
});

test("a tone fits after each of its periods, and the nearest is taken", () => {
  // 10 ms are 4.4 periods of 440 Hz: 0.4 of one remain.
  expect(lagOf(record(tone(440), 5), record(tone(440), 5 - 0.01), RATE, MOST)).toBeCloseTo(0.4 / 440, 3);
});

test("in silence nothing can be told", () => {
  const silence = record(() => 0, 0);
  expect(lagOf(silence, silence, RATE, MOST)).toBeNull();
  expect(lagOf(record(voice, 5), silence, RATE, MOST)).toBeNull();
  expect(lagOf(silence, record(voice, 5), RATE, MOST)).toBeNull();
});

test("two sounds that are not the same have no lag", () => {
  expect(lagOf(record(voice, 5), record(tone(2000), 5), RATE, MOST)).toBeNull();
});

test("what is further away than was looked is not found", () => {
  expect(lagOf(record(voice, 5), record(voice, 5 - 0.4), RATE, MOST)).toBeNull();
});
