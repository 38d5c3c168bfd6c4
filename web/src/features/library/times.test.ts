import { expect, test } from "vitest";

import { parseClock } from "./times.ts";

test("places are read as people write them", () => {
  expect(["0", "90", "1:05", " 1:02:05 ", "1:05.5", "١:٠٥"].map(parseClock)).toEqual([
    0, 90, 65, 3725, 65.5, 65,
  ]);
});

test("what is no place is none", () => {
  for (const text of ["", "a", "1:60", "1:2:3:4", "-1", "1:", "99999999999"])
    expect(parseClock(text)).toBeNull();
});
