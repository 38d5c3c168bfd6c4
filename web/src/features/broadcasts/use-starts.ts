import { useEffect, useState } from "react";

import { loadStarts, type Plan } from "../../api/schedule.ts";
import { failureOf } from "../../hooks/use-action.ts";

/** As many as tell whether a rule is what was meant. */
const SHOWN = 5;

/** The station is asked when nothing was written for so long, in milliseconds. */
const PAUSE_MS = 300;

/** What a rule gives. */
export interface Starts {
  /** Null while that is not known. */
  readonly items: readonly string[] | null;
  /** What is wrong with the rule. */
  readonly bad: string | null;
}

const UNKNOWN: Starts = { items: null, bad: null };

/** The next starts by a rule, as the station reads it; nothing where nothing repeats. */
export function useStarts(plan: Plan | null): Starts {
  const [starts, setStarts] = useState(UNKNOWN);
  const key = JSON.stringify(plan);
  useEffect(() => {
    setStarts(UNKNOWN);
    const wanted = JSON.parse(key) as Plan | null;
    if (wanted === null) return undefined;
    const asking = new AbortController();
    const timer = setTimeout(() => {
      loadStarts(wanted, SHOWN, asking.signal).then(
        (items) => setStarts({ items, bad: null }),
        (error: unknown) => {
          if (asking.signal.aborted) return;
          const { text, fields } = failureOf(error);
          setStarts({ items: null, bad: fields.recurrence ?? fields.startTime ?? fields.timezone ?? text });
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [key]);
  return starts;
}
