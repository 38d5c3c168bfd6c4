import type { CSSProperties } from "react";

import styles from "./Avatar.module.css";

/** The first letter of somebody's name on a colour of its own. Decoration beside the name. */
export function Avatar(props: { readonly name: string; readonly size?: "small" | "big" }) {
  const { name, size = "small" } = props;
  const hue = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
  return (
    <span
      className={`${styles.avatar} ${styles[size]}`}
      style={{ "--hue": hue } as CSSProperties}
      aria-hidden="true"
    >
      {[...name.trim()][0]?.toUpperCase() ?? "?"}
    </span>
  );
}
