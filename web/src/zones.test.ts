import { expect, test } from "vitest";

import { instantOf, localOf, zones } from "./zones.ts";

test("what a clock shows is an instant, in summer and in winter", () => {
  expect(instantOf("2030-01-01T20:00", "Europe/Berlin")).toBe("2030-01-01T19:00:00.000Z");
  expect(instantOf("2030-07-01T20:00", "Europe/Berlin")).toBe("2030-07-01T18:00:00.000Z");
  expect(instantOf("2030-07-01T20:00", "Asia/Kathmandu")).toBe("2030-07-01T14:15:00.000Z");
  expect(instantOf("2030-07-01T00:30", "Pacific/Kiritimati")).toBe("2030-06-30T10:30:00.000Z");
});

test("of an hour that comes twice it is the first, and one that is skipped is taken by the offset before", () => {
  expect(instantOf("2026-10-25T02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00.000Z");
  expect(instantOf("2026-03-29T02:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00.000Z");
  expect(instantOf("2026-03-29T03:00", "Europe/Berlin")).toBe("2026-03-29T01:00:00.000Z");
  expect(instantOf("2026-03-29T01:59", "Europe/Berlin")).toBe("2026-03-29T00:59:00.000Z");
  expect(instantOf("2026-03-08T02:30", "America/New_York")).toBe("2026-03-08T07:30:00.000Z");
});

test("an instant comes back as the clock shows it", () => {
  for (const zone of ["UTC", "Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe"]) {
    for (const local of ["2030-01-31T00:00", "2030-07-31T23:59"])
      expect(localOf(instantOf(local, zone), zone)).toBe(local);
  }
});

test("the zones begin with those that are named, each once", () => {
  const list = zones("Europe/Berlin", "", "Mars/Base");
  expect(list.slice(0, 2)).toEqual(["Europe/Berlin", "Mars/Base"]);
  expect(list.filter((zone) => zone === "Europe/Berlin")).toHaveLength(1);
  expect(list).toContain("UTC");
});
