import { answered, type Schema } from "@onair/client";

import { pageQuery } from "./page.ts";
import { station } from "./station.ts";
import { Watch } from "./watch.ts";

/** One is still to be reminded of a broadcast, so many seconds before its start. */
export type Reminder = Pick<Schema<"Reminder">, "broadcastId" | "offsetSeconds">;

/** As many of a list as come at once. */
const PAGE = 100;

/** Those that went out stand before those that are still to come, so more than one page may be needed. */
const PAGES_MAX = 10;

/** How often they are asked for, in milliseconds: another device may have changed them. */
const EVERY_MS = 60_000;

let mine: { readonly account: string; readonly watch: Watch<readonly Reminder[]> } | null = null;

/** What an account is to be reminded of: one watch, whoever shows it. */
export function remindersOf(account: string): Watch<readonly Reminder[]> {
  if (mine?.account !== account) mine = { account, watch: new Watch(loadReminders, EVERY_MS) };
  return mine.watch;
}

/** Asks to be reminded of a broadcast at these times and no others; of no times, not any more. */
export async function setReminders(broadcast: string, offsets: readonly number[]): Promise<void> {
  const params = { path: { id: broadcast } };
  if (offsets.length === 0) await answered(station.DELETE("/api/broadcasts/{id}/reminder", { params }));
  else {
    const body = { offsets: [...offsets] };
    await answered(station.PUT("/api/broadcasts/{id}/reminder", { params, body }));
  }
  mine?.watch.again();
}

async function loadReminders(signal: AbortSignal): Promise<readonly Reminder[]> {
  const found: Reminder[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query = pageQuery(PAGE, cursor);
    const { items, nextCursor } = await answered(
      station.GET("/api/reminders", { params: { query }, signal }),
    );
    for (const { broadcastId, offsetSeconds, sentAt } of items) {
      if (sentAt === null) found.push({ broadcastId, offsetSeconds });
    }
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return found;
}
