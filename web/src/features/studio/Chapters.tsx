import { useState } from "react";

import { MESSAGE_CHARACTERS } from "../../signal/protocol.ts";
import type { Room } from "../../signal/room.ts";
import type { RoomState } from "../../signal/room-state.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { TextField } from "../../ui/Field.tsx";
import { Card } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";
import styles from "./studio.module.css";

/** Chapters of the programme, marked as they begin. */
export function Chapters(props: { readonly room: Room; readonly state: RoomState }) {
  const { room, state } = props;
  const [title, setTitle] = useState("");
  const words = strings.studio;
  return (
    <Card title={words.chapters}>
      {state.chapters.length === 0 ? (
        <p className={styles.advice}>{words.noChapters}</p>
      ) : (
        <ol className={styles.marks}>
          {state.chapters.map((mark) => (
            <li key={mark.at + mark.title}>
              <time dateTime={mark.at}>{strings.common.time(mark.at)}</time> <bdi>{mark.title}</bdi>
            </li>
          ))}
        </ol>
      )}
      <form
        className={styles.mark}
        onSubmit={(event) => {
          event.preventDefault();
          const named = title.trim();
          if (named === "" || !room.ask({ type: "markChapter", title: named })) return;
          toasts.say(words.marked(named));
          setTitle("");
        }}
      >
        <TextField
          label={words.chapterTitle}
          value={title}
          maxLength={MESSAGE_CHARACTERS}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Button tone="quiet" size="small" type="submit" disabled={!state.onAir}>
          {words.markChapter}
        </Button>
      </form>
    </Card>
  );
}
