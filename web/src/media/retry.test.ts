import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Retry } from "./retry.ts";

const LIMITS = { firstMs: 100, capMs: 400 };

let done: string[];
let retry: Retry;

beforeEach(() => {
  vi.useFakeTimers();
  done = [];
  retry = new Retry(() => 0.999);
});

afterEach(() => {
  vi.useRealTimers();
});

const again = (what: string) => () => {
  done.push(what);
};

test("the wait grows, and is short again after it went well", () => {
  retry.schedule(LIMITS, again("first"));
  vi.advanceTimersByTime(100);
  retry.schedule(LIMITS, again("second"));
  vi.advanceTimersByTime(100);
  expect([done, retry.isPending]).toEqual([["first"], true]);
  vi.advanceTimersByTime(100);
  retry.forgive();
  retry.schedule(LIMITS, again("third"));
  vi.advanceTimersByTime(100);
  expect([done, retry.attempt]).toEqual([["first", "second", "third"], 1]);
});

test("one thing waits at a time, is done at once where that is asked, and never twice", () => {
  retry.schedule(LIMITS, again("old"));
  retry.schedule(LIMITS, again("new"));
  retry.now();
  retry.now();
  vi.advanceTimersByTime(1000);
  expect(done).toEqual(["new"]);
});

test("what is cancelled does not come", () => {
  retry.schedule(LIMITS, again("never"));
  retry.cancel();
  vi.advanceTimersByTime(1000);
  retry.now();
  expect([done, retry.isPending]).toEqual([[], false]);
});

test("each fourth time it is done thoroughly", () => {
  const quick = () => {};
  const thorough = () => {};
  const chosen = Array.from({ length: 8 }, () => {
    const next = retry.next(4, quick, thorough);
    retry.schedule(LIMITS, next);
    return next === thorough;
  });
  expect(chosen).toEqual([false, false, false, true, false, false, false, true]);
});
