import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";

import { isCrew, MESSAGE_CHARACTERS } from "../../signal/protocol.ts";
import type { Room } from "../../signal/room.ts";
import type { Message, RoomState } from "../../signal/room-state.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Log } from "../../ui/Log.tsx";
import styles from "./chat.module.css";

/** Who only reads does not wait for it. */
const MessageMenu = lazy(async () => ({ default: (await import("./MessageMenu.tsx")).MessageMenu }));

/** From here on the characters that are left are counted down. */
const COUNT_FROM = 40;

/** What is said in a room, and a line to say something. */
export function ChatPanel(props: {
  readonly room: Room;
  readonly state: RoomState;
  /** What has been said by the moment that is heard. */
  readonly said: readonly Message[];
  /** What stands in the place of the line for who may not write. */
  readonly instead: ReactNode | null;
}) {
  const { room, state, said, instead } = props;
  const words = strings.room;
  return (
    <section className={styles.chat} aria-label={words.chat}>
      {state.pinned.length === 0 ? null : (
        <ul className={styles.pinned} aria-label={words.pinned}>
          {state.pinned.map((message) => (
            <li key={message.id}>
              <Icon name="pin" />
              <p>
                <strong>{message.author.name}</strong> <bdi>{message.text}</bdi>
              </p>
              <Actions room={room} state={state} message={message} pinned />
            </li>
          ))}
        </ul>
      )}
      <Messages room={room} state={state} said={said} />
      {instead ?? <Composer room={room} state={state} />}
    </section>
  );
}

function Messages(props: { room: Room; state: RoomState; said: readonly Message[] }) {
  const { room, state, said } = props;
  const words = strings.room;
  return (
    <Log
      voice="read out"
      words={{ label: words.chat, empty: words.empty, toEnd: words.newMessages }}
      said={said.map((message) => ({
        id: message.id,
        name: message.author.name,
        text: message.text,
        badge: badgeOf(message.author.role),
        when: <time dateTime={message.at}>{strings.common.time(message.at)}</time>,
        actions: <Actions room={room} state={state} message={message} />,
      }))}
    />
  );
}

function Actions(props: { room: Room; state: RoomState; message: Message; pinned?: boolean }) {
  const { room, state, message, pinned = false } = props;
  const isOwn = message.author.id === state.you.id;
  if (state.you.role === "guest" || (pinned && !isCrew(state.you))) return null;
  return (
    <Suspense fallback={<span className={styles.noMenu} />}>
      <MessageMenu
        room={room}
        message={message}
        isOwn={isOwn}
        isCrew={isCrew(state.you)}
        isPinned={pinned || state.pinned.some(({ id }) => id === message.id)}
      />
    </Suspense>
  );
}

/** What somebody is here, where that says something. */
function badgeOf(role: string): string | null {
  const { roles } = strings.room;
  return role === "host" || role === "moderator" || role === "admin" || role === "speaker"
    ? roles[role]
    : null;
}

function Composer(props: { room: Room; state: RoomState }) {
  const { room, state } = props;
  const [text, setText] = useState("");
  const [refused, setRefused] = useState<string | null>(null);
  const words = strings.room;
  useEffect(
    () =>
      room.onNotice((notice) => {
        if (notice.type === "error") setRefused(said(notice.code, notice.detail));
      }),
    [room],
  );
  const left = MESSAGE_CHARACTERS - [...text.trim()].length;
  const isClosed = !state.rules.chat && !isCrew(state.you);
  if (isClosed) return <p className={styles.instead}>{words.chatOff}</p>;
  const send = () => {
    const message = text.trim();
    if (message === "" || left < 0) return;
    setRefused(null);
    if (room.ask({ type: "chatMessage", message })) setText("");
    else setRefused(words.lost);
  };
  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className={styles.line}>
        <input
          aria-label={words.write}
          placeholder={words.write}
          dir="auto"
          autoComplete="off"
          enterKeyHint="send"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          aria-invalid={left < 0 || undefined}
        />
        <Button tone="loud" size="small" type="submit" label={words.send} disabled={left < 0}>
          <Icon name="send" />
        </Button>
      </div>
      <p className={styles.below} role="status">
        {refused ??
          (left <= COUNT_FROM
            ? words.left(left)
            : state.rules.slowModeSeconds > 0
              ? words.slow(state.rules.slowModeSeconds)
              : "")}
      </p>
    </form>
  );
}

function said(code: string, detail: string): string {
  const known: Readonly<Record<string, string>> = strings.room.errors;
  return known[code] ?? detail;
}
