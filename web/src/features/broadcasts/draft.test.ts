import { expect, test } from "vitest";

import type { OwnBroadcast } from "../../api/studio.ts";
import { draftOf, editOf, isPast, megabytesAnHour, NEW } from "./draft.ts";

test("what is written becomes what the station is told", () => {
  const edit = editOf({ ...NEW, title: " Morning ", tags: "news, talk،news,, ", start: "2030-05-01T18:30" });
  expect(edit.title).toBe("Morning");
  expect(edit.tags).toEqual(["news", "talk"]);
  expect(edit.scheduledStartTime).toBe(new Date("2030-05-01T18:30").toISOString());
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
    latencyMode: "ultra",
  } as const;
  const kept = editOf(draft) as unknown as OwnBroadcast;
  expect(draftOf(kept)).toEqual(draft);
});

test("a moment that is over is seen", () => {
  const now = new Date("2030-05-01T18:30");
  expect([isPast("", now), isPast("2030-05-01T18:29", now), isPast("2030-05-01T18:31", now)]).toEqual([
    false,
    true,
    false,
  ]);
});

test("an hour of a voice is some twenty megabytes", () => {
  expect(megabytesAnHour("voice")).toBe(23);
});
