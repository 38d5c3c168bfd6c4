import { useState, useSyncExternalStore } from "react";
import { Link } from "react-router";

import { loadRecordings } from "../../api/recordings.ts";
import { Watch } from "../../api/watch.ts";
import { strings } from "../../strings.ts";
import styles from "./on-air.module.css";

/** How often the list is asked for, in milliseconds. */
const EVERY_MS = 30_000;

/** As many as are read without scrolling. */
const LIMIT = 5;

/** The latest that can be heard again; nothing where there is none. */
export function Recent() {
  const [watch] = useState(() => new Watch((signal) => loadRecordings({ limit: LIMIT }, signal), EVERY_MS));
  const watched = useSyncExternalStore(watch.subscribe, watch.getState);
  const recordings = watched.status === "loading" ? [] : (watched.value ?? []);
  if (recordings.length === 0) return null;
  const words = strings.recording;
  return (
    <section className={styles.recent}>
      <h2>{words.recent}</h2>
      <ul>
        {recordings.map(({ id, title, host, startedAt, durationSeconds }) => (
          <li key={id}>
            <Link to={`/r/${encodeURIComponent(id)}`}>{title}</Link>
            <p>
              {words.by(host.displayName)} · {words.date(startedAt)}
              {durationSeconds === null ? "" : ` · ${words.length(durationSeconds)}`}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
