import type { ReactNode } from "react";

import styles from "./Button.module.css";

/** `loud` is the one thing to do on a page, `quiet` everything else. */
export function Button(props: { tone: "loud" | "quiet"; onPress: () => void; children: ReactNode }) {
  return (
    <button type="button" className={`${styles.button} ${styles[props.tone]}`} onClick={props.onPress}>
      {props.children}
    </button>
  );
}
