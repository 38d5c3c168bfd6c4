import { Link } from "react-router";

import { loadComing } from "../../api/broadcasts.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import styles from "./on-air.module.css";

/** How often the list is asked for, in milliseconds. */
const EVERY_MS = 30_000;

/** As many as are read without scrolling. */
const LIMIT = 5;

/** What comes next; nothing where nothing is planned. */
export function Coming() {
  const { watched } = useWatch((signal) => loadComing(LIMIT, signal), EVERY_MS);
  const coming = watched.status === "loading" ? [] : (watched.value ?? []);
  if (coming.length === 0) return null;
  return (
    <section className={styles.recent}>
      <h2>{strings.onAir.coming}</h2>
      <ul>
        {coming.map(({ id, title, host, scheduledStartTime }) => (
          <li key={id}>
            <Link to={`/b/${encodeURIComponent(id)}`}>{title}</Link>
            <p>
              {strings.recording.by(host.displayName)}
              {scheduledStartTime === null ? "" : ` · ${strings.common.date(scheduledStartTime)}`}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
