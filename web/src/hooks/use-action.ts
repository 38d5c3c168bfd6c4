import { ProblemError } from "@onair/client";
import { useCallback, useRef, useState } from "react";

import { strings } from "../strings.ts";

/** What is wrong with a form: said once for all of it, or by field. */
export interface Failure {
  readonly text: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What somebody asked for, and how that goes. */
export interface Action<Args extends unknown[]> {
  readonly run: (...args: Args) => void;
  readonly busy: boolean;
  readonly failure: Failure | null;
  readonly forgive: () => void;
}

/** Something that a person asks of the station; one at a time, with its failure in words. */
export function useAction<Args extends unknown[]>(
  act: (...args: Args) => Promise<void>,
  say: (error: unknown) => Failure = failureOf,
): Action<Args> {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const running = useRef(false);
  const newest = useRef({ act, say });
  newest.current = { act, say };
  const run = useCallback((...args: Args) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setFailure(null);
    newest.current
      .act(...args)
      .catch((error: unknown) => setFailure(newest.current.say(error)))
      .finally(() => {
        running.current = false;
        setBusy(false);
      });
  }, []);
  const forgive = useCallback(() => setFailure(null), []);
  return { run, busy, failure, forgive };
}

/** A failure in words; what the station says of single fields stands beside them. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof ProblemError)) return { text: strings.common.network, fields: {} };
  if (error.status === 429) return { text: strings.common.tooMany, fields: {} };
  const fields = Object.fromEntries(
    (error.problem?.errors ?? []).map(({ field, detail }) => [field, detail]),
  );
  return { text: error.problem?.detail ?? strings.common.status(error.status), fields };
}
