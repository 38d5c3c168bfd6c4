import { useEffect, useState } from "react";

import type { Listeners } from "../../signal/protocol.ts";
import type { RoomState } from "../../signal/room-state.ts";
import { strings } from "../../strings.ts";
import { Card } from "../../ui/Screen.tsx";
import styles from "./studio.module.css";
import type { Studio } from "./use-studio.ts";

/** Counts that are drawn: five minutes of one every three seconds. */
const POINTS = 100;

/** How the sound leaves, how loud the programme is, and who hears it. */
export function HealthCard(props: {
  readonly studio: Studio;
  readonly state: RoomState | null;
  readonly isSending: boolean;
}) {
  const { studio, state, isSending } = props;
  const { health } = studio;
  const words = strings.studio;
  const facts: (readonly [string, string | null])[] = [
    [words.bitrate, health.kilobits === null ? null : words.kilobits(health.kilobits)],
    [words.loss, health.loss === null ? null : words.share(health.loss)],
    [words.roundTrip, health.roundTripMs === null ? null : words.milliseconds(health.roundTripMs)],
    [words.jitter, health.jitterMs === null ? null : words.milliseconds(health.jitterMs)],
  ];
  const loudness = state?.stats?.shortTermLufs ?? null;
  return (
    <Card title={words.health}>
      <dl className={styles.facts}>
        {isSending
          ? facts.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value ?? "–"}</dd>
              </div>
            ))
          : null}
        <div>
          <dt>{words.loudness}</dt>
          <dd>{loudness === null ? "–" : words.lufs(loudness)}</dd>
        </div>
        <div>
          <dt>{words.listeners}</dt>
          <dd>{strings.common.number(state?.listeners.total ?? 0)}</dd>
        </div>
      </dl>
      {state === null ? null : <Graph listeners={state.listeners} />}
    </Card>
  );
}

function Graph(props: { listeners: Listeners }) {
  const { listeners } = props;
  const [points, setPoints] = useState<readonly Listeners[]>([]);
  useEffect(() => {
    // What is told anew is another object, also where it says the same.
    setPoints((before) => [...before, listeners].slice(-POINTS));
  }, [listeners]);
  const words = strings.studio;
  const most = Math.max(1, ...points.map(({ total }) => total));
  const area = (count: (point: Listeners) => number) => {
    const step = 100 / (POINTS - 1);
    const first = 100 - (points.length - 1) * step;
    const line = points
      .map((point, nth) => `L${first + nth * step} ${30 - (count(point) / most) * 28}`)
      .join("");
    return `M${first} 30${line}L100 30Z`;
  };
  return (
    <figure className={styles.graph}>
      <svg
        className={styles.drawing}
        viewBox="0 0 100 30"
        preserveAspectRatio="none"
        role="img"
        aria-label={words.graph}
      >
        <path className={styles.hls} d={area(({ total }) => total)} />
        <path className={styles.webrtc} d={area(({ webrtc }) => webrtc)} />
      </svg>
      <figcaption>{words.byWay(listeners.webrtc, listeners.hls)}</figcaption>
    </figure>
  );
}
