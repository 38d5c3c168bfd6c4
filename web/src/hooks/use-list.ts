import { useRef } from "react";

import { useWatch } from "./use-watch.ts";

/** Pages that are shown at most: beyond them nobody reads, and each is asked for anew every time. */
const PAGES_MAX = 20;

/** A list as a screen has it. */
export interface Listed<T> {
  /** Null while it is not known. */
  readonly items: readonly T[] | null;
  /** Whether the last question was left without an answer. */
  readonly isAway: boolean;
  /** Asks at once. */
  readonly again: () => void;
  /** Shows the page after the last one; null where there is none. */
  readonly more: (() => void) | null;
}

/** One page; `nextCursor` asks for the one after it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | null;
}

/**
 * A list of the station, asked anew every `everyMs` while the page is looked at: all of its pages that are shown,
 * since what is new at its head moves everything else along. `load` is the one that the first call had.
 */
export function useList<T>(
  load: (signal: AbortSignal, cursor: string | undefined) => Promise<Page<T>>,
  everyMs: number,
): Listed<T> {
  const pages = useRef(1);
  const { watched, again } = useWatch((signal) => loadPages(load, pages.current, signal), everyMs);
  const known = watched.status === "loading" ? null : watched.value;
  const more = () => {
    pages.current += 1;
    again();
  };
  return {
    items: known?.items ?? null,
    isAway: watched.status === "unreachable",
    again,
    more: known?.nextCursor && pages.current < PAGES_MAX ? more : null,
  };
}

async function loadPages<T>(
  load: (signal: AbortSignal, cursor: string | undefined) => Promise<Page<T>>,
  pages: number,
  signal: AbortSignal,
): Promise<Page<T>> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pages; page += 1) {
    const { items: found, nextCursor } = await load(signal, cursor);
    items.push(...found);
    cursor = nextCursor ?? undefined;
    if (cursor === undefined) break;
  }
  return { items, nextCursor: cursor ?? null };
}
