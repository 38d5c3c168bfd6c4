import { useState, useSyncExternalStore } from "react";
import { Link } from "react-router";

import type { Broadcast } from "../../api/broadcasts.ts";
import { loadRecordings } from "../../api/recordings.ts";
import { Watch } from "../../api/watch.ts";
import { strings } from "../../strings.ts";
import styles from "./listen.module.css";

/** How often the server is asked whether the recording is done, in milliseconds. */
const EVERY_MS = 5000;

/** Leads to the recording of a broadcast that is over, as soon as there is one that can be heard. */
export function Again(props: { broadcast: Broadcast | null | undefined }) {
  const { broadcast } = props;
  return broadcast?.status === "ended" ? <Recorded key={broadcast.id} id={broadcast.id} /> : null;
}

function Recorded(props: { id: string }) {
  const { id } = props;
  const [watch] = useState(
    () => new Watch((signal) => loadRecordings({ broadcast: id, limit: 1 }, signal), EVERY_MS),
  );
  const watched = useSyncExternalStore(watch.subscribe, watch.getState);
  const recording = watched.status === "loading" ? undefined : watched.value?.[0];
  if (recording === undefined) return null;
  return (
    <Link className={styles.recorded} to={`/r/${encodeURIComponent(recording.id)}`}>
      {strings.listen.recorded}
    </Link>
  );
}
