import { useState } from "react";

import { strings } from "../../strings.ts";
import styles from "./listen.module.css";

/** How loud, 0 to 100; the system's own keys do the same where a page may not (iPhone). */
export function Volume(props: { volume: number; onChange: (volume: number) => void }) {
  const [percent, setPercent] = useState(props.volume * 100);
  return (
    <label className={styles.volume}>
      <span>{strings.listen.volume}</span>
      <input
        type="range"
        min="0"
        max="100"
        step="5"
        value={percent}
        onChange={(event) => {
          const chosen = event.currentTarget.valueAsNumber;
          setPercent(chosen);
          props.onChange(chosen / 100);
        }}
      />
    </label>
  );
}
