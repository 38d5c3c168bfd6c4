import { type ReactNode, useState, useSyncExternalStore } from "react";

import { loadRecording, type Recording } from "../../api/recordings.ts";
import { Watch } from "../../api/watch.ts";
import { strings } from "../../strings.ts";
import { Beacon, type Glow } from "../../ui/Beacon.tsx";
import { Player } from "./Player.tsx";
import { ReplayPanel } from "./ReplayPanel.tsx";
import styles from "./recording.module.css";
import { usePass } from "./use-recording.ts";

/** How often the server is asked about it, in milliseconds: it may be done, or taken back. */
const EVERY_MS = 10_000;

/** A recording, or a clip of one. */
export function RecordingPage(props: {
  id: string;
  /** What is told of the broadcast that it is of. */
  beside?: (recording: Recording) => ReactNode;
}) {
  const { id } = props;
  const [position, setPosition] = useState(0);
  const [watch] = useState(() => new Watch((signal) => loadRecording(id, signal), EVERY_MS));
  const watched = useSyncExternalStore(watch.subscribe, watch.getState);
  usePass(id);
  const words = strings.recording;
  if (watched.status === "loading") return <Notice glow="busy" title={words.loading} />;
  const recording = watched.value;
  if (recording === null) {
    return watched.status === "unreachable" ? (
      <Notice glow="busy" title={words.unreachable} />
    ) : (
      <Notice glow="still" title={words.missing} hint={words.missingHint} />
    );
  }
  const isReady = recording.status === "ready";
  const article = (
    <article className={styles.page}>
      <title>{`${recording.title} · ${strings.name}`}</title>
      <Heading recording={recording} />
      {recording.status === "ready" ? (
        <Player recording={recording} onPosition={setPosition}>
          {props.beside?.(recording)}
        </Player>
      ) : (
        <Unready status={recording.status} />
      )}
    </article>
  );
  if (!isReady) return article;
  return (
    <div className={styles.layout}>
      {article}
      <ReplayPanel recording={recording} position={position} />
    </div>
  );
}

function Heading(props: { recording: Recording }) {
  const { recording } = props;
  const words = strings.recording;
  return (
    <header className={styles.header}>
      <p className={styles.kind}>{words.kind[recording.kind]}</p>
      <h1>{recording.title}</h1>
      <ul className={styles.about}>
        <li>{words.by(recording.host.displayName)}</li>
        <li>
          <time dateTime={recording.startedAt}>{words.date(recording.startedAt)}</time>
        </li>
        {recording.broadcastTitle === recording.title ? null : (
          <li>{`${words.of} ${recording.broadcastTitle}`}</li>
        )}
      </ul>
    </header>
  );
}

function Unready(props: { status: "recording" | "failed" }) {
  const words = strings.recording;
  const isMaking = props.status === "recording";
  return (
    <>
      <Beacon glow={isMaking ? "busy" : "still"} />
      <div role="status" className={styles.status}>
        <p className={styles.statusTitle}>{isMaking ? words.making : words.failed}</p>
        <p>{isMaking ? words.makingHint : words.failedHint}</p>
      </div>
    </>
  );
}

function Notice(props: { glow: Glow; title: string; hint?: string }) {
  return (
    <section className={styles.page} aria-busy={props.glow === "busy"}>
      <title>{`${props.title} · ${strings.name}`}</title>
      <Beacon glow={props.glow} />
      <div role="status" className={styles.status}>
        <h1 className={styles.statusTitle}>{props.title}</h1>
        {props.hint === undefined ? null : <p>{props.hint}</p>}
      </div>
    </section>
  );
}
