import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

const LIMITS = { firstMs: 200, capMs: 4000 };
const ALMOST_ONE = 1 - Number.EPSILON;

test("the wait doubles until it meets its cap", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7].map((attempt) => Math.round(backoffMs(attempt, LIMITS, ALMOST_ONE)));
  expect(waits).toEqual([200, 400, 800, 1600, 3200, 4000, 4000]);
});

test("luck shortens a wait by half at most", () => {
  expect(backoffMs(3, LIMITS, 0)).toBe(400);
  expect(backoffMs(3, LIMITS, 0.5)).toBe(600);
});

test("the ten-thousandth attempt waits no longer than the cap", () => {
  expect(backoffMs(10_000, LIMITS, ALMOST_ONE)).toBeLessThanOrEqual(4000);
});
