import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ServerClock } from "./server-clock.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const SERVER_AHEAD = 3_600_000;

/** A server an hour ahead that answers after these round trips, the way back taking all of the time. */
function clockWith(roundTrips: (number | "down")[]) {
  const load = async () => {
    const roundTrip = roundTrips.shift() ?? "down";
    if (roundTrip === "down") throw new Error("connection refused");
    const now = performance.now() + SERVER_AHEAD;
    await new Promise((answered) => setTimeout(answered, roundTrip));
    return now;
  };
  return new ServerClock({ load, monotonicNow: () => performance.now() });
}

const error = (clock: ServerClock) => (clock.now() ?? Number.NaN) - performance.now() - SERVER_AHEAD;

test("the shortest round trip sets the clock", async () => {
  const clock = clockWith([300, 80, 20, 500, 90]);
  expect(clock.now()).toBeNull();
  clock.start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(Math.abs(error(clock))).toBe(10);
  clock.stop();
});

test("a clock once set runs on by itself", async () => {
  const clock = clockWith([20, 20, 20, 20, 20]);
  clock.start();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(Math.abs(error(clock))).toBe(10);
  clock.stop();
});

test("a server that is away is asked again later", async () => {
  const clock = clockWith(["down", 20, 20, 20, 20, 20]);
  clock.start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(clock.now()).toBeNull();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(Math.abs(error(clock))).toBe(10);
  clock.stop();
  expect(vi.getTimerCount()).toBe(0);
});
