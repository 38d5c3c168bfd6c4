import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Presence } from "./presence.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("a listener is counted at once and every twenty seconds, always as the same one", () => {
  const sessions: string[] = [];
  const presence = new Presence(async (session) => {
    sessions.push(session);
  });
  presence.start();
  presence.start();
  vi.advanceTimersByTime(60_000);
  presence.stop();
  vi.advanceTimersByTime(60_000);
  expect(sessions).toHaveLength(4);
  expect(new Set(sessions).size).toBe(1);
  expect(sessions[0]).toMatch(/^[0-9a-f]{32}$/);
});

test("a server that does not count is no trouble", async () => {
  let beats = 0;
  const presence = new Presence(async () => {
    beats += 1;
    throw new Error("404");
  });
  presence.start();
  await vi.advanceTimersByTimeAsync(20_000);
  presence.stop();
  expect(beats).toBe(2);
});
