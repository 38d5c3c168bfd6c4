import { expect, test } from "vitest";
import { Glide, SPEED_MAX } from "./glide.ts";

/** The fastest that the delay changes between two points of the curve, in seconds a second. */
function fastest(glide: Glide): number {
  const curve = [...glide.curve()];
  const step = glide.length / (curve.length - 1);
  return Math.max(...curve.slice(1).map((delay, index) => Math.abs(delay - (curve[index] ?? 0)) / step));
}

test.each([
  [2, 0],
  [0, 2],
  [0.03, 0],
  [0.5, 0.508],
  [12, 0],
])("from %d s to %d s it arrives, and is never faster than a listener bears", (from, to) => {
  const glide = new Glide(from, to);
  const curve = glide.curve();
  expect(curve[0]).toBeCloseTo(from, 6);
  expect(curve.at(-1)).toBeCloseTo(to, 6);
  expect(SPEED_MAX).toBeLessThanOrEqual(0.05);
  // The samples of the curve are of single precision.
  expect(fastest(glide)).toBeLessThanOrEqual(SPEED_MAX + 1e-4);
});

test("it never turns back", () => {
  const curve = [...new Glide(2, 0.5).curve()];
  expect(curve.every((delay, index) => index === 0 || delay <= (curve[index - 1] ?? 0) + 1e-6)).toBe(true);
});

test("two seconds are made up within a minute", () => {
  expect(new Glide(2, 0).length).toBeCloseTo(2 / SPEED_MAX + 1, 6);
  expect(new Glide(2, 0).length).toBeLessThan(60);
});

test("it begins gently: speed is reached over a second", () => {
  const glide = new Glide(2, 0);
  expect(glide.at(0.1)).toBeGreaterThan(2 - 0.1 * SPEED_MAX * 0.1);
  expect(glide.at(1.5) - glide.at(2.5)).toBeCloseTo(SPEED_MAX, 6);
});

test("before its beginning and after its end nothing moves", () => {
  const glide = new Glide(2, 1);
  expect(glide.at(-1)).toBe(2);
  expect(glide.at(1000)).toBeCloseTo(1, 9);
  const still = new Glide(1, 1);
  expect(still.length).toBe(0);
  expect([...still.curve()]).toEqual([1, 1]);
});
