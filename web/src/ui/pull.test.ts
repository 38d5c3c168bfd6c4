import { expect, test } from "vitest";

import { PULL_PX, Pull } from "./pull.ts";

const at = (clientX: number, clientY: number) => [{ clientX, clientY }];

/** Where a finger goes, from 100, 100 of a page at its top; whether letting go refreshes. */
function pulled(...way: [number, number][]): boolean {
  const pull = new Pull();
  pull.touch(at(100, 100), 0);
  for (const [x, y] of way) pull.move(at(100 + x, 100 + y));
  return pull.release();
}

test("far enough down refreshes, and nothing less", () => {
  expect(pulled([0, 40], [5, PULL_PX])).toBe(true);
  expect(pulled([0, PULL_PX - 1])).toBe(false);
  expect(pulled([0, PULL_PX], [0, 10])).toBe(false);
});

test("a finger that goes aside or up does something else, also when it comes back", () => {
  expect(pulled([60, 20], [0, PULL_PX])).toBe(false);
  expect(pulled([0, -1], [0, PULL_PX])).toBe(false);
});

test("a page that is scrolled is scrolled, and two fingers zoom", () => {
  const pull = new Pull();
  pull.touch(at(0, 0), 1);
  pull.move(at(0, 200));
  expect(pull.share).toBe(0);
  pull.touch([...at(0, 0), ...at(50, 50)], 0);
  pull.move([...at(0, 200), ...at(50, 250)]);
  expect(pull.release()).toBe(false);
});

test("it shows how far it is", () => {
  const pull = new Pull();
  pull.touch(at(0, 0), 0);
  pull.move(at(0, PULL_PX / 2));
  expect(pull.share).toBe(0.5);
  pull.move(at(0, PULL_PX * 3));
  expect(pull.share).toBe(1);
});
