import { useSyncExternalStore } from "react";

import styles from "./Toaster.module.css";
import { toasts } from "./toasts.ts";

/** Where things are said in passing; a live region, so that they are heard too. */
export function Toaster() {
  const said = useSyncExternalStore(toasts.subscribe, toasts.getState);
  return (
    <div className={styles.toaster} role="status">
      {said.map(({ id, text }) => (
        <p key={id} className={styles.toast}>
          {text}
        </p>
      ))}
    </div>
  );
}
