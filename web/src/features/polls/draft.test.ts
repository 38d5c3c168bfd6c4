import { expect, test } from "vitest";

import { textsOf } from "./draft.ts";

test("a poll is what was written, without what was left empty", () => {
  expect(textsOf(" Tea? ", [" Yes", "", "No "])).toEqual({ question: "Tea?", options: ["Yes", "No"] });
});

test("a poll without a question, with one answer, or with two alike is none", () => {
  expect(textsOf(" ", ["Yes", "No"])).toBeNull();
  expect(textsOf("Tea?", ["Yes", " "])).toBeNull();
  expect(textsOf("Tea?", ["Yes", "No", " Yes "])).toBeNull();
  expect(textsOf("Tea?", ["1", "2", "3", "4", "5", "6", "7", "8", "9"])).toBeNull();
});
