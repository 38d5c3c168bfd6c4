import { expect, test } from "vitest";

import type { OwnBroadcast } from "../../api/studio.ts";
import { gathered } from "./gathered.ts";

const broadcast = (id: string, status: string, seriesId: string | null, day = 1) =>
  ({ id, status, seriesId, scheduledStartTime: `2030-05-0${day}T18:00:00Z` }) as OwnBroadcast;

test("of each series the next date alone is in the list, and what is over stays", () => {
  const list = [
    broadcast("a3", "scheduled", "a", 3),
    broadcast("a2", "scheduled", "a", 2),
    broadcast("b1", "scheduled", "b"),
    broadcast("a1", "ended", "a"),
    broadcast("x", "scheduled", null),
  ];
  expect(gathered(list).map(({ id }) => id)).toEqual(["a2", "b1", "a1", "x"]);
});
