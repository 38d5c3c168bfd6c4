import { expect, test } from "vitest";

import { ar } from "./strings/ar.ts";
import { duration, en } from "./strings/en.ts";
import { formats } from "./strings/formats.ts";

const { clock } = formats("en");

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
  expect([0, 1.96, 2.1, 12].map(en.listen.latency)).toEqual(["0.0 s", "2.0 s", "2.1 s", "12.0 s"]);
});

test("one listener is not listeners", () => {
  expect([0, 1, 2].map(en.listen.listeners)).toEqual(["0 listeners", "1 listener", "2 listeners"]);
  expect([0, 1, 2, 3, 11].map(ar.listen.listeners)).toEqual([
    "لا مستمعين",
    "مستمع واحد",
    "مستمعان",
    expect.stringMatching(/مستمعين$/),
    expect.stringMatching(/مستمعًا$/),
  ]);
});

/** Every text in a language, by its place; functions are asked with numbers and names that make no sense. */
function texts(words: object, place = ""): [string, string][] {
  return Object.entries(words).flatMap(([name, value]: [string, unknown]): [string, string][] => {
    const here = `${place}.${name}`;
    if (typeof value === "string") return [[here, value]];
    return typeof value === "object" && value !== null ? texts(value, here) : [];
  });
}

test("Arabic has a word of its own for everything", () => {
  // What is a name or a unit in every language.
  const names = new Set([".name", ".recording.m4a", ".recording.opus"]);
  const said = new Map(texts(en));
  const left = texts(ar).filter(([place, text]) => !names.has(place) && said.get(place) === text);
  expect(left).toEqual([]);
  expect(texts(ar).map(([place]) => place)).toEqual([...said.keys()]);
});
