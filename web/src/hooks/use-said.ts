import { useEffect, useRef, useState } from "react";

import { type Message, saidBy } from "../signal/room-state.ts";

/** How often what has been heard is looked at, in milliseconds: sooner than anybody notices. */
const EVERY_MS = 250;

/** Tells which moment of the programme is heard now, in milliseconds since 1970; null while unknown. */
export type Heard = () => number | null;

/** What has been said by the moment that is heard, as that goes on. */
export function useSaid(messages: readonly Message[], heard: Heard, you: string | null): readonly Message[] {
  const newest = useRef(heard);
  newest.current = heard;
  const [heardMs, setHeardMs] = useState<number | null>(null);
  const last = messages.at(-1)?.programMs ?? null;
  useEffect(() => {
    const look = () => {
      const now = newest.current();
      // Past the last message nothing changes any more: the page is not drawn anew for nothing.
      setHeardMs(now === null || last === null ? null : Math.min(now, last));
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, [last]);
  return last === null ? messages : saidBy(messages, heardMs, you);
}
