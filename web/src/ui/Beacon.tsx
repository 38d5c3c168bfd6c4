import type { CSSProperties } from "react";

import styles from "./Beacon.module.css";

/** What the lamp shows; the words beside it say the same. */
export type Glow = "still" | "ready" | "busy" | "on";

/** A lamp with three rings; decoration, so nothing is read out. */
export function Beacon(props: { glow: Glow }) {
  return (
    <svg className={`${styles.beacon} ${styles[props.glow]}`} viewBox="0 0 200 200" aria-hidden="true">
      {[0, 1, 2].map((nth) => (
        <circle
          key={nth}
          className={styles.ring}
          cx="100"
          cy="100"
          r={54 + nth * 21}
          style={{ "--nth": nth } as CSSProperties}
        />
      ))}
      <circle className={styles.lamp} cx="100" cy="100" r="36" />
      <path className={styles.mark} d="M88 92v16M96 84v32M104 90v20M112 95v10" />
    </svg>
  );
}
