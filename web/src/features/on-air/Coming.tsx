import type { ReactNode } from "react";
import { Link } from "react-router";

import { type Broadcast, loadComing } from "../../api/broadcasts.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import styles from "./on-air.module.css";

/** How often the list is asked for, in milliseconds. */
const EVERY_MS = 30_000;

/** As many as are read without scrolling. */
const LIMIT = 5;

/** What comes next, with what can be done about each; nothing where nothing is planned. */
export function Coming(props: { readonly tools: (broadcast: Broadcast) => ReactNode }) {
  const { watched } = useWatch((signal) => loadComing(LIMIT, signal), EVERY_MS);
  const coming = watched.status === "loading" ? [] : (watched.value ?? []);
  if (coming.length === 0) return null;
  return (
    <section className={styles.recent}>
      <h2>{strings.onAir.coming}</h2>
      <ul>
        {coming.map((broadcast) => {
          const { id, title, host, scheduledStartTime } = broadcast;
          return (
            <li key={id} className={styles.coming}>
              <div>
                <Link to={`/b/${encodeURIComponent(id)}`}>{title}</Link>
                <p>
                  {strings.recording.by(host.displayName)}
                  {scheduledStartTime === null ? "" : ` · ${strings.common.date(scheduledStartTime)}`}
                </p>
              </div>
              {props.tools(broadcast)}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
