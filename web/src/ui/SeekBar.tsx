import { type CSSProperties, useState } from "react";

import styles from "./SeekBar.module.css";

/** Bars are this wide of the step from one to the next. */
const BAR_SHARE = 0.6;

/** The lowest bar, so that a quiet stretch is still seen. */
const LOWEST = 0.04;

/** A bar over a stretch of time. Works by keyboard, and tells its place only when it is let go. */
export function SeekBar(props: {
  label: string;
  from: number;
  to: number;
  value: number;
  /** What a place is called. */
  text: (value: number) => string;
  /** How high each part of it is, 0 to 1; a plain bar where there are none. */
  bars?: readonly number[];
  /** Called with a place within the stretch. */
  onSeek: (value: number) => void;
}) {
  const { from, to, bars = [] } = props;
  const [dragged, setDragged] = useState<number | null>(null);
  const value = Math.min(Math.max(dragged ?? props.value, from), to);
  const played = to > from ? (value - from) / (to - from) : 0;
  const letGo = () => {
    if (dragged !== null) props.onSeek(dragged);
    setDragged(null);
  };
  return (
    <div
      className={`${styles.bar} ${bars.length > 0 ? styles.drawn : ""}`}
      style={{ "--played": played } as CSSProperties}
    >
      {bars.length > 0 ? <Drawing bars={bars} /> : null}
      <input
        type="range"
        data-seek=""
        aria-label={props.label}
        aria-valuetext={props.text(value)}
        min={from}
        max={Math.max(to, from)}
        step="any"
        value={value}
        onChange={(event) => setDragged(event.currentTarget.valueAsNumber)}
        onPointerUp={letGo}
        onPointerCancel={() => setDragged(null)}
        onKeyUp={letGo}
        onBlur={letGo}
      />
    </div>
  );
}

/** Drawn twice: what lies ahead, and over it as much as has been heard. */
function Drawing(props: { bars: readonly number[] }) {
  const { bars } = props;
  const path = bars
    .map((bar, at) => {
      const height = Math.max(bar, LOWEST);
      return `M${at} ${(1 - height) / 2}h${BAR_SHARE}v${height}h-${BAR_SHARE}z`;
    })
    .join("");
  const box = `0 0 ${bars.length} 1`;
  return (
    <>
      <svg viewBox={box} preserveAspectRatio="none" className={styles.ahead} aria-hidden="true">
        <path d={path} />
      </svg>
      <svg viewBox={box} preserveAspectRatio="none" className={styles.heard} aria-hidden="true">
        <path d={path} />
      </svg>
    </>
  );
}
