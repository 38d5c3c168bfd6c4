import { expect, test } from "vitest";

import type { OwnBroadcast } from "../../api/studio.ts";
import { draftOf, editOf, isOfSeries, isPast, megabytesAnHour, NEW, scopedEdit } from "./draft.ts";
import { ONCE } from "./recurrence.ts";

test("what is written becomes what the station is told", () => {
  const edit = editOf({ ...NEW, title: " Morning ", tags: "news, talk،news,, ", start: "2030-05-01T18:30" });
  expect(edit.title).toBe("Morning");
  expect(edit.tags).toEqual(["news", "talk"]);
  expect(edit.scheduledStartTime).toBe(new Date("2030-05-01T18:30").toISOString());
  expect(edit).not.toHaveProperty("recurrence");
  expect(edit).not.toHaveProperty("start");
});

test("a start that stays is not told again, one that is taken away is", () => {
  const before = { ...NEW, start: "2020-05-01T18:30" };
  expect(editOf(before, before)).not.toHaveProperty("scheduledStartTime");
  expect(editOf({ ...before, start: "" }, before).scheduledStartTime).toBeNull();
  expect(editOf(NEW)).not.toHaveProperty("scheduledStartTime");
});

test("a broadcast comes back into the form as it went out", () => {
  const draft = {
    ...NEW,
    title: "Morning",
    tags: "news, talk",
    start: "2030-05-01T18:30",
    zone: "Asia/Kathmandu",
    repeat: { ...ONCE, how: "weekly", days: ["FR"] },
    minutes: "90",
    reminders: [86_400, 600],
    endOnTime: true,
    latencyMode: "ultra",
  } as const;
  const kept = editOf(draft);
  expect(kept).toMatchObject({
    scheduledStartTime: "2030-05-01T12:45:00.000Z",
    timezone: "Asia/Kathmandu",
    recurrence: "FREQ=WEEKLY;BYDAY=WE,FR",
    durationSeconds: 5400,
  });
  expect(draftOf(kept as unknown as OwnBroadcast)).toEqual(draft);
});

test("one of a series is moved without a word about how the series repeats", () => {
  const repeat = { ...ONCE, how: "weekly" } as const;
  const before = { ...NEW, start: "2030-05-01T18:30", zone: "Europe/Berlin", repeat };
  const moved = { ...before, start: "2030-05-02T18:30" };
  const edit = editOf(moved, before);
  expect(edit.recurrence).toBe("FREQ=WEEKLY;BYDAY=TH");
  expect(isOfSeries(moved, before)).toBe(false);
  expect(scopedEdit(edit, "following")).toBe(edit);
  expect(scopedEdit(edit, "this")).not.toHaveProperty("recurrence");
  expect(scopedEdit(edit, "this").scheduledStartTime).toBe("2030-05-02T16:30:00.000Z");
  expect(isOfSeries({ ...before, repeat: { ...repeat, days: ["FR"] } }, before)).toBe(true);
  expect(isOfSeries({ ...before, zone: "Europe/Paris" }, before)).toBe(true);
});

test("another zone is another hour, and what repeats no more is told so", () => {
  const before = {
    ...NEW,
    start: "2030-05-01T18:30",
    zone: "Europe/Berlin",
    repeat: { ...ONCE, how: "daily" },
  } as const;
  expect(editOf({ ...before, zone: "Asia/Tokyo" }, before)).toMatchObject({
    scheduledStartTime: "2030-05-01T09:30:00.000Z",
    timezone: "Asia/Tokyo",
  });
  expect(editOf({ ...before, repeat: ONCE }, before).recurrence).toBeNull();
  expect(editOf({ ...before, start: "" }, before)).toMatchObject({
    scheduledStartTime: null,
    recurrence: null,
  });
});

test("a moment that is over is seen", () => {
  const now = new Date("2030-05-01T18:30");
  const past = (start: string) => isPast({ ...NEW, start }, now);
  expect(["", "2030-05-01T18:29", "2030-05-01T18:31"].map(past)).toEqual([false, true, false]);
});

test("an hour of a voice is some twenty megabytes", () => {
  expect(megabytesAnHour("voice")).toBe(23);
});
