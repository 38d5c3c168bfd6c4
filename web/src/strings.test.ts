import { expect, test } from "vitest";
import { clock, duration, strings } from "./strings.ts";

test("durations read as people say them", () => {
  expect([0, 1, 59, 60, 61, 1440].map(duration)).toEqual([
    "less than a minute",
    "1 min",
    "59 min",
    "1 h 0 min",
    "1 h 1 min",
    "24 h 0 min",
  ]);
});

test("a clock shows hours only where there are any", () => {
  expect([-1, 0, 65.9, 3599, 3725].map(clock)).toEqual(["0:00", "0:00", "1:05", "59:59", "1:02:05"]);
});

test("latencies have one decimal, also when it is nought", () => {
  expect([0, 1.96, 2.1, 12].map(strings.listen.latency)).toEqual(["0.0 s", "2.0 s", "2.1 s", "12.0 s"]);
});

test("one listener is not listeners", () => {
  expect([0, 1, 2].map(strings.listen.listeners)).toEqual(["0 listeners", "1 listener", "2 listeners"]);
});
