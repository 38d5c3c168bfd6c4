import { type ReactNode, useState, useSyncExternalStore } from "react";
import { Link } from "react-router";

import { type Broadcast, type BroadcastPage, coverOf, loadOnAir } from "../../api/broadcasts.ts";
import { Watch, type Watched } from "../../api/watch.ts";
import { strings } from "../../strings.ts";
import { Beacon } from "../../ui/Beacon.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import { Coming } from "./Coming.tsx";
import styles from "./on-air.module.css";
import { Recent } from "./Recent.tsx";
import { Search } from "./Search.tsx";

/** How often the list is asked for, in milliseconds. */
const EVERY_MS = 4000;

/** What is on air now; keeps itself up to date. */
export function OnAirPage(props: {
  /** What can be done about something that is planned. */
  readonly planned?: (broadcast: Broadcast) => ReactNode;
}) {
  const [watch] = useState(() => new Watch(loadOnAir, EVERY_MS));
  const watched = useSyncExternalStore(watch.subscribe, watch.getState);

  return (
    <section className={styles.page} aria-busy={watched.status === "loading"}>
      <title>{strings.name}</title>
      <h1>{strings.onAir.title}</h1>
      <p role="status" className={styles.summary}>
        {summary(watched)}
      </p>
      <OnAirList watched={watched} />
      <Search />
      <Coming tools={props.planned ?? (() => null)} />
      <Recent />
    </section>
  );
}

function summary(watched: Watched<BroadcastPage>): string {
  switch (watched.status) {
    case "loading":
      return strings.onAir.loading;
    case "unreachable":
      return strings.onAir.unreachable;
    case "known":
      return watched.value.total === 0 ? strings.onAir.empty : strings.onAir.count(watched.value.total);
  }
}

function OnAirList(props: { watched: Watched<BroadcastPage> }) {
  const { watched } = props;
  if (watched.status === "loading" || watched.value === null) return null;
  if (watched.value.items.length === 0) {
    return (
      <div className={styles.empty}>
        <Beacon glow="still" />
        <p>{strings.onAir.emptyHint}</p>
      </div>
    );
  }
  return (
    <ul className={styles.list}>
      {watched.value.items.map((broadcast) => (
        <li key={broadcast.id} className={styles.item}>
          <Cover broadcast={broadcast} />
          <Lamp lit label={strings.listen.live} />
          <h2>
            <Link to={`/b/${encodeURIComponent(broadcast.id)}`}>{broadcast.title}</Link>
          </h2>
          <p>
            {strings.recording.by(broadcast.host.displayName)} ·{" "}
            {strings.listen.listeners(broadcast.listenerCount)}
          </p>
          <span className={styles.arrow} aria-hidden="true">
            →
          </span>
        </li>
      ))}
    </ul>
  );
}

function Cover(props: { broadcast: Broadcast }) {
  const cover = coverOf(props.broadcast);
  return cover === null ? null : <img className={styles.cover} src={cover} alt="" loading="lazy" />;
}
