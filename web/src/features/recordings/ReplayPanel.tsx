import { useEffect, useState } from "react";

import { loadReplay, type Recording } from "../../api/recordings.ts";
import { useStateOf } from "../../hooks/use-state-of.ts";
import { strings } from "../../strings.ts";
import { Icon } from "../../ui/Icon.tsx";
import { Log } from "../../ui/Log.tsx";
import styles from "./replay.module.css";
import { Timeline } from "./timeline.ts";

/** What went on in the room while this was said, as it goes on to be heard. */
export function ReplayPanel(props: { readonly recording: Recording; readonly position: number }) {
  const { position } = props;
  const { replayUrl } = props.recording;
  const [timeline] = useState(
    () =>
      new Timeline({
        load: (from, to, signal) => loadReplay(replayUrl, from, to, signal),
        now: () => performance.now(),
      }),
  );
  const { messages, reactions, stage, pinned } = useStateOf(timeline);
  useEffect(() => timeline.at(position), [timeline, position]);
  useEffect(() => () => timeline.close(), [timeline]);
  const words = strings.replay;
  return (
    <aside className={styles.panel} aria-label={words.label}>
      <h2>{words.label}</h2>
      <p className={styles.stage}>
        {stage.length === 0
          ? words.nobody
          : words.onStage(strings.common.list(stage.map(({ name, key }) => name ?? key)))}
      </p>
      {pinned.length === 0 ? null : (
        <ul className={styles.pinned} aria-label={strings.room.pinned}>
          {pinned.map(({ key, text }) => (
            <li key={key}>
              <Icon name="pin" />
              <bdi>{text}</bdi>
            </li>
          ))}
        </ul>
      )}
      <Log
        voice="quiet"
        words={{ label: words.label, empty: words.empty, toEnd: words.toEnd }}
        said={messages.map(({ id, author, text, position }) => ({
          id,
          name: author.name,
          text,
          badge: badgeOf(author.role),
          when: <span>{strings.recording.length(position)}</span>,
        }))}
      />
      <ul className={styles.reactions} aria-label={words.reactions}>
        {reactions.map(({ emoji, amount, position }) => (
          <li key={`${emoji} ${position}`}>
            {emoji} {strings.common.compact(amount)}
          </li>
        ))}
      </ul>
    </aside>
  );
}

/** What somebody was then, where that says something. */
function badgeOf(role: string): string | null {
  const { roles } = strings.room;
  return role === "host" || role === "moderator" || role === "admin" || role === "speaker"
    ? roles[role]
    : null;
}
