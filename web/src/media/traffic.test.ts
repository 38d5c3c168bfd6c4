import { expect, test } from "vitest";

import { Traffic } from "./traffic.ts";

const part = (second: number, transferSize = 1000) => ({
  name: "https://radio.example/live/studio/run/main/1.0.mp4",
  transferSize,
  responseEnd: second * 1000,
});

test("after a minute the last one is summed, and nothing that was before it", () => {
  const traffic = new Traffic();
  for (let second = 0; second < 90; second++) traffic.add(part(second));
  expect(traffic.lastMinute(59_000)).toBeNull();
  expect(traffic.lastMinute(89_000)).toBe(60_000);
});

test("what is no sound is not counted", () => {
  const traffic = new Traffic();
  traffic.add({ ...part(0), name: "https://radio.example/api/time" });
  expect(traffic.lastMinute(60_000)).toBeNull();
});

test("where a host does not tell, nothing is claimed", () => {
  const traffic = new Traffic();
  traffic.add(part(0));
  traffic.add(part(1, 0));
  expect(traffic.lastMinute(60_000)).toBeNull();
});
