import { useEffect, useRef } from "react";

import styles from "./LevelMeter.module.css";

/** The quietest that is drawn, in dB below full scale. */
const FLOOR = -60;

/** The bar falls back by so much a frame, in dB: what was loud is seen for a moment. */
const FALL = 1.2;

/** How often it is told to who does not see it, in milliseconds. */
const TELL_MS = 1000;

/** How loud something is, drawn as it goes on. `read` gives dB below full scale. */
export function LevelMeter(props: {
  readonly label: string;
  readonly read: () => number;
  readonly text: (decibels: number) => string;
}) {
  const { label } = props;
  const newest = useRef(props);
  newest.current = props;
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let shown = FLOOR;
    let told = 0;
    let frame = 0;
    const draw = (now: number) => {
      const element = bar.current;
      const level = Math.max(FLOOR, Math.min(0, newest.current.read()));
      shown = Math.max(level, shown - FALL);
      element?.style.setProperty("--level", String((shown - FLOOR) / -FLOOR));
      if (now - told > TELL_MS) {
        told = now;
        element?.setAttribute("aria-valuenow", String(Math.round(shown)));
        element?.setAttribute("aria-valuetext", newest.current.text(shown <= FLOOR ? -Infinity : shown));
      }
      frame = requestAnimationFrame(draw);
    };
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, []);
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers draw a meter each in their way.
    <div
      ref={bar}
      className={styles.meter}
      role="meter"
      aria-label={label}
      aria-valuemin={FLOOR}
      aria-valuemax={0}
      aria-valuenow={FLOOR}
    >
      <span />
    </div>
  );
}
