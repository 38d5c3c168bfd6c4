import { beforeEach, expect, test, vi } from "vitest";

import type { Replay } from "../../api/recordings.ts";
import { Timeline } from "./timeline.ts";

let asked: number[];
let aborted: number[];
let isUp: boolean;
let nowMs: number;
let timeline: Timeline;

/** Every ten seconds somebody says where that is; Ada is on stage from 30 to 90, Bea from 50 on. */
function replayOf(from: number, to: number): Replay {
  const places = Array.from({ length: (to - from) / 10 }, (_, place) => from + place * 10);
  const author = { id: "ada", name: "Ada", role: "host" };
  const speaker = (key: string, position: number, end: number | null) => ({
    class: "speaker",
    key,
    name: key,
    position,
    end,
  });
  const touches = ({ position, end }: { position: number; end: number | null }) =>
    position < to && (end === null || end > from);
  return {
    messages: places.map((position) => ({
      id: `m${position}`,
      position,
      programTime: "2027-01-15T08:00:00Z",
      text: String(position),
      author,
      replyTo: null,
      pinned: false,
    })),
    reactions: from === 0 ? [{ position: 20, emoji: "👏", amount: 3 }] : [],
    ranges: [speaker("ada", 30, 90), speaker("bea", 50, null)].filter(touches),
  };
}

beforeEach(() => {
  asked = [];
  aborted = [];
  isUp = true;
  nowMs = 0;
  timeline = new Timeline({
    now: () => nowMs,
    load: async (from, to, signal) => {
      asked.push(from);
      signal.addEventListener("abort", () => aborted.push(from));
      await Promise.resolve();
      if (!isUp) throw new TypeError("no network");
      return replayOf(from, to);
    },
  });
});

const hear = async (position: number) => {
  timeline.at(position);
  // All answers are there.
  await new Promise((done) => setImmediate(done));
};

const texts = () => timeline.getState().messages.map(({ text }) => text);

const stage = () => timeline.getState().stage.map(({ name }) => name);

test("what was said stands there when its moment is heard, and goes when one seeks back", async () => {
  await hear(25);
  expect(texts()).toEqual(["0", "10", "20"]);
  await hear(30);
  expect(texts()).toEqual(["0", "10", "20", "30"]);
  await hear(5);
  expect(texts()).toEqual(["0"]);
  expect(asked).toEqual([0]);
});

test("who was on stage is there for as long, told once", async () => {
  await hear(29);
  expect(stage()).toEqual([]);
  await hear(55);
  expect(stage()).toEqual(["ada", "bea"]);
  await hear(70);
  expect(stage()).toEqual(["ada", "bea"]);
  await hear(90);
  expect(stage()).toEqual(["bea"]);
});

test("reactions are of their ten seconds", async () => {
  await hear(19);
  expect(timeline.getState().reactions).toEqual([]);
  await hear(29.75);
  expect(timeline.getState().reactions).toEqual([{ position: 20, emoji: "👏", amount: 3 }]);
  await hear(30);
  expect(timeline.getState().reactions).toEqual([]);
});

test("the next stretch is asked for a little before it is heard", async () => {
  await hear(44);
  expect(asked).toEqual([0]);
  await hear(45);
  expect(asked).toEqual([0, 60]);
});

test("however far one goes, a few minutes are kept", async () => {
  for (let position = 0; position < 3600; position += 20) {
    await hear(position);
    expect(timeline.kept).toBeLessThanOrEqual(4);
  }
  await hear(0);
  expect([timeline.kept, texts()]).toEqual([1, ["0"]]);
});

test("what is not wanted any more is not waited for", async () => {
  timeline.at(0);
  await hear(600);
  expect(aborted).toEqual([0]);
  expect(texts()).toContain("600");
  expect(texts()).not.toContain("0");
});

test("a stretch that did not come is asked for again, and not at once", async () => {
  isUp = false;
  await hear(0);
  isUp = true;
  await hear(1);
  expect([asked, texts()]).toEqual([[0], []]);
  nowMs = 5000;
  await hear(2);
  expect([asked, texts()]).toEqual([[0, 0], ["0"]]);
});

test("nothing is told where nothing changes", async () => {
  await hear(25);
  const told = vi.fn();
  timeline.subscribe(told);
  await hear(25.25);
  await hear(25.5);
  expect(told).not.toHaveBeenCalled();
});
