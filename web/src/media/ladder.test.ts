import { expect, test } from "vitest";

import { type Kept, kilobytesPerMinute, Ladder } from "./ladder.ts";

const MAIN = { bitsPerSecond: 96_000 };
const LOW = { bitsPerSecond: 48_000 };

function keep(before: string | null): Kept & { kept: string | null } {
  return {
    kept: before,
    read() {
      return this.kept;
    },
    write(quality) {
      this.kept = quality;
    },
  };
}

test("what was chosen is kept, and what cannot be read is no choice", () => {
  const kept = keep(null);
  new Ladder(kept, false).choose("least");
  expect(new Ladder(kept, false).getState().quality).toBe("least");
  expect(new Ladder(keep("everything"), false).getState().quality).toBe("auto");
});

test("who saves data gets the leanest rung until they choose another", () => {
  expect(new Ladder(keep(null), true).getState().quality).toBe("least");
  expect(new Ladder(keep("best"), true).getState().quality).toBe("best");
});

test("the best and the leanest are found in any order, and nothing where nobody chose", () => {
  const ladder = new Ladder(keep(null), false);
  const places = () => [ladder.placeOf([MAIN, LOW]), ladder.placeOf([LOW, MAIN]), ladder.placeOf([])];
  expect(places()).toEqual([null, null, null]);
  ladder.choose("best");
  expect(places()).toEqual([0, 1, null]);
  ladder.choose("least");
  expect(places()).toEqual([1, 0, null]);
});

test("rungs are told once, the leanest first", () => {
  const ladder = new Ladder(keep(null), false);
  let told = 0;
  ladder.subscribe(() => {
    told += 1;
  });
  ladder.found([MAIN, LOW]);
  ladder.found([LOW, MAIN]);
  expect([told, ladder.getState().rungs]).toEqual([1, [LOW, MAIN]]);
});

test("a minute of 96 kb/s is 720 kB", () => {
  expect([96_000, 48_000, 0].map(kilobytesPerMinute)).toEqual([720, 360, 0]);
});
