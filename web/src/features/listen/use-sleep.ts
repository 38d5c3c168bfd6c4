import { useEffect, useRef, useState } from "react";

import { Sleep } from "../../media/sleep.ts";

/** The sleep timer of a page: of no meaning while nothing is `asked` for, and over with the broadcast. */
export function useSleep(parts: {
  readonly asked: boolean;
  readonly isOver: boolean;
  readonly fade: (level: number) => void;
  readonly stop: () => void;
}): Sleep {
  const { asked, isOver } = parts;
  const newest = useRef(parts);
  newest.current = parts;
  const [sleep] = useState(
    () =>
      new Sleep({
        now: Date.now,
        fade: (level) => newest.current.fade(level),
        stop: () => newest.current.stop(),
      }),
  );
  useEffect(() => {
    if (!asked) sleep.close();
    else if (isOver) sleep.ended();
  }, [asked, isOver, sleep]);
  useEffect(() => sleep.close, [sleep]);
  return sleep;
}
