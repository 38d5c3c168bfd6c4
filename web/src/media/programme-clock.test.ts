import { expect, test } from "vitest";
import { ProgrammeClock } from "./programme-clock.ts";

const HEADER = 'anchor="2027-01-15T08:00:00.000042Z", rate=48000';
const ANCHOR_MS = Date.parse("2027-01-15T08:00:00Z") + 0.042;
const TURN_MS = 2 ** 32 / 48;

function clock(): ProgrammeClock {
  const parsed = ProgrammeClock.parse(HEADER);
  if (parsed === null) throw new Error("the header was not read");
  return parsed;
}

test("RTP time 0 is the anchor, to the microsecond", () => {
  expect(clock().at(0)).toBeCloseTo(ANCHOR_MS, 3);
  expect(clock().at(48_000)).toBeCloseTo(ANCHOR_MS + 1000, 3);
});

test("an anchor on a whole second, or with fewer digits, is one too", () => {
  const whole = ProgrammeClock.parse('anchor="2027-01-15T08:00:00Z", rate=48000');
  expect(whole?.at(0)).toBe(Date.parse("2027-01-15T08:00:00Z"));
  const tenth = ProgrammeClock.parse('anchor="2027-01-15T08:00:00.1Z", rate=48000');
  expect(tenth?.at(0)).toBe(Date.parse("2027-01-15T08:00:00.100Z"));
});

test("after 2^32 samples time goes on", () => {
  const turning = clock();
  expect(turning.at(2 ** 32 - 480)).toBeCloseTo(ANCHOR_MS + TURN_MS - 10, 3);
  expect(turning.at(480)).toBeCloseTo(ANCHOR_MS + TURN_MS + 10, 3);
  // A packet that was overtaken at the turn belongs before it.
  expect(turning.at(2 ** 32 - 960)).toBeCloseTo(ANCHOR_MS + TURN_MS - 20, 3);
});

test("who joined in the moment before a turn hears the first packet after it", () => {
  expect(clock().at(960, ANCHOR_MS + TURN_MS + 500)).toBeCloseTo(ANCHOR_MS + TURN_MS + 20, 3);
});

test("a listener whose own clock is an hour wrong is not led astray", () => {
  expect(clock().at(960, ANCHOR_MS + 3_600_000)).toBeCloseTo(ANCHOR_MS + 20, 3);
  expect(clock().at(960, ANCHOR_MS - 3_600_000)).toBeCloseTo(ANCHOR_MS + 20, 3);
});

test.each([
  null,
  "",
  "anchor=now, rate=48000",
  'anchor="2027-01-15T08:00:00Z", rate=0',
  'anchor="Z", rate=1',
])("%s is no clock", (header) => {
  expect(ProgrammeClock.parse(header)).toBeNull();
});
