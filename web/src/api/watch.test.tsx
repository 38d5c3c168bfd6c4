import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Watch } from "./watch.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("nobody asks before somebody looks, and nobody after", async () => {
  let questions = 0;
  const watch = new Watch(async () => ++questions, 1000);
  await vi.advanceTimersByTimeAsync(5000);
  expect(questions).toBe(0);
  const leave = watch.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(5000);
  expect(questions).toBeGreaterThan(3);
  leave();
  const asked = questions;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(questions).toBe(asked);
});

test("what is asked seldom is not asked oftener than that", async () => {
  let questions = 0;
  const watch = new Watch(async () => ++questions, 60_000);
  const leave = watch.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(40_000);
  expect(questions).toBe(1);
  await vi.advanceTimersByTimeAsync(40_000);
  expect(questions).toBe(2);
  leave();
});

test("an answer that says nothing new wakes nobody", async () => {
  const watch = new Watch(async () => ({ title: "the same" }), 1000);
  let calls = 0;
  const leave = watch.subscribe(() => {
    calls += 1;
  });
  await vi.advanceTimersByTimeAsync(0);
  const first = watch.getState();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(watch.getState()).toBe(first);
  expect(calls).toBe(1);
  leave();
});

test("the last answer stays while the server is away", async () => {
  let up = true;
  const watch = new Watch(async () => {
    if (!up) throw new Error("connection refused");
    return "on air";
  }, 1000);
  const leave = watch.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  up = false;
  await vi.advanceTimersByTimeAsync(2000);
  expect(watch.getState()).toEqual({ status: "unreachable", value: "on air" });
  up = true;
  await vi.advanceTimersByTimeAsync(40_000);
  expect(watch.getState()).toEqual({ status: "known", value: "on air" });
  leave();
});

test("a hidden page asks nothing and asks at once when it is seen again", async () => {
  let questions = 0;
  const watch = new Watch(async () => ++questions, 1000);
  const leave = watch.subscribe(() => {});
  await vi.advanceTimersByTimeAsync(0);
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(questions).toBe(1);
  hidden.mockReturnValue(false);
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.advanceTimersByTimeAsync(0);
  expect(questions).toBe(2);
  leave();
});
