import { expect, test } from "vitest";

import { howsFor, ONCE, placeOf, type Repeat, repeatOf, ruleOf } from "./recurrence.ts";

/** A Tuesday, the second of its month. */
const TUESDAY = { start: "2030-05-14T20:00", zone: "Europe/Berlin" };

const by = (what: Partial<Repeat>): Repeat => ({ ...ONCE, ...what });

test("simple choices become rules, and come back as they were chosen", () => {
  const cases: [Repeat, string][] = [
    [by({ how: "daily" }), "FREQ=DAILY"],
    [by({ how: "weekdays" }), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"],
    [by({ how: "weekly" }), "FREQ=WEEKLY;BYDAY=TU"],
    [by({ how: "weekly", days: ["MO", "SU"] }), "FREQ=WEEKLY;BYDAY=MO,TU,SU"],
    [by({ how: "monthlyDate" }), "FREQ=MONTHLY;BYMONTHDAY=14"],
    [by({ how: "monthlyDay" }), "FREQ=MONTHLY;BYDAY=2TU"],
    [by({ how: "daily", ends: "count", count: 12 }), "FREQ=DAILY;COUNT=12"],
    // The end of that day in Berlin, in summer.
    [by({ how: "daily", ends: "until", until: "2030-06-30" }), "FREQ=DAILY;UNTIL=20300630T215959Z"],
    [by({ how: "rule", rule: "FREQ=YEARLY" }), "FREQ=YEARLY"],
  ];
  for (const [repeat, rule] of cases) {
    expect(ruleOf(repeat, TUESDAY)).toBe(rule);
    expect(repeatOf(rule, TUESDAY)).toEqual(repeat);
  }
});

test("what does not repeat has no rule, and nor has what has no start", () => {
  expect(ruleOf(ONCE, TUESDAY)).toBeNull();
  expect(ruleOf(by({ how: "daily" }), { ...TUESDAY, start: "" })).toBeNull();
  expect(repeatOf(null, TUESDAY)).toBe(ONCE);
});

test("a rule that the fields cannot say stays as it is", () => {
  for (const rule of [
    "FREQ=DAILY;INTERVAL=2",
    "FREQ=WEEKLY",
    "FREQ=MONTHLY;BYDAY=1TU",
    "FREQ=DAILY;UNTIL=20300630T120000Z",
    "FREQ=DAILY;UNTIL=20300630",
  ])
    expect(repeatOf(rule, TUESDAY)).toEqual(by({ how: "rule", rule }));
});

test("a start that moves to another day takes what goes by its day along", () => {
  const wednesday = { ...TUESDAY, start: "2030-05-15T20:00" };
  expect(ruleOf(by({ how: "weekly", days: ["FR"] }), wednesday)).toBe("FREQ=WEEKLY;BYDAY=WE,FR");
  expect(ruleOf(by({ how: "monthlyDay" }), wednesday)).toBe("FREQ=MONTHLY;BYDAY=3WE");
});

test("a rule may be written with the word that comes before it elsewhere", () => {
  expect(ruleOf(by({ how: "rule", rule: " RRULE:FREQ=DAILY " }), TUESDAY)).toBe("FREQ=DAILY");
});

test("the fifth of its kind in a month is the last, and the fourth may be both", () => {
  expect(placeOf("2030-05-29T20:00")).toEqual({ day: "WE", date: 29, nth: 5, isLast: true });
  expect(placeOf("2030-02-28T20:00")).toEqual({ day: "TH", date: 28, nth: 4, isLast: true });
  expect(howsFor("2030-05-29T20:00", "never")).not.toContain("monthlyDay");
  expect(howsFor("2030-05-14T20:00", "never")).not.toContain("monthlyLast");
  expect(howsFor("2030-02-28T20:00", "never")).toEqual(expect.arrayContaining(["monthlyDay", "monthlyLast"]));
  const last = { ...TUESDAY, start: "2030-05-28T20:00" };
  expect(repeatOf("FREQ=MONTHLY;BYDAY=-1TU", last).how).toBe("monthlyLast");
});
