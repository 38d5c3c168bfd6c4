import { expect, test } from "vitest";
import { CatchUp, FASTEST, SLOWEST } from "./catch-up.ts";

const HOLD_BACK = 0.384;

/** Plays `seconds` in steps of a tenth, starting `distance` behind the edge, and tells the distance after. */
function play(catchUp: CatchUp, distance: number, seconds: number): number {
  let behind = distance;
  for (let step = 0; step < seconds * 10; step++) {
    behind -= 0.1 * (catchUp.rate(behind, HOLD_BACK) - 1);
  }
  return behind;
}

test("a listener half a second late is at the hold-back a quarter of a minute later", () => {
  expect(play(new CatchUp(), HOLD_BACK + 0.5, 15)).toBeCloseTo(HOLD_BACK, 1);
});

test("a listener too close falls back to the hold-back", () => {
  expect(play(new CatchUp(), HOLD_BACK - 0.2, 15)).toBeCloseTo(HOLD_BACK, 1);
});

test("the tempo never leaves its bounds", () => {
  const catchUp = new CatchUp();
  expect(catchUp.rate(60, HOLD_BACK)).toBe(FASTEST);
  expect(catchUp.rate(0, 60)).toBe(SLOWEST);
});

test("near the target the tempo is left alone", () => {
  const catchUp = new CatchUp();
  expect(catchUp.rate(HOLD_BACK + 0.03, HOLD_BACK)).toBe(1);
  expect(catchUp.rate(HOLD_BACK - 0.03, HOLD_BACK)).toBe(1);
});

test("a correction once begun goes on past the point where it would not begin", () => {
  const catchUp = new CatchUp();
  expect(catchUp.rate(HOLD_BACK + 0.06, HOLD_BACK)).toBeGreaterThan(1);
  expect(catchUp.rate(HOLD_BACK + 0.03, HOLD_BACK)).toBeGreaterThan(1);
  expect(catchUp.rate(HOLD_BACK + 0.005, HOLD_BACK)).toBe(1);
  expect(catchUp.rate(HOLD_BACK + 0.03, HOLD_BACK)).toBe(1);
});

test("a stall widens the distance and a quiet minute heals half of it", () => {
  const catchUp = new CatchUp();
  expect(catchUp.target(HOLD_BACK, 0)).toBe(HOLD_BACK);
  catchUp.stalled(0.64, 0);
  expect(catchUp.target(HOLD_BACK, 0)).toBeCloseTo(HOLD_BACK + 0.32, 6);
  expect(catchUp.target(HOLD_BACK, 60_000)).toBeCloseTo(HOLD_BACK + 0.16, 6);
});

test("a hundred stalls cost three seconds and not more", () => {
  const catchUp = new CatchUp();
  for (let stall = 0; stall < 100; stall++) catchUp.stalled(0.64, stall);
  expect(catchUp.target(0, 100)).toBeLessThanOrEqual(3);
  expect(catchUp.target(0, 100)).toBeGreaterThan(2.9);
});
