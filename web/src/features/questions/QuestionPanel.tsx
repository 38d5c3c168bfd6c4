import { type ReactNode, useEffect, useState } from "react";
import { Link, useLocation } from "react-router";

import { isCrew, MESSAGE_CHARACTERS, OWN_QUESTIONS } from "../../signal/protocol.ts";
import type { Room } from "../../signal/room.ts";
import type { RoomState } from "../../signal/room-state.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Card } from "../../ui/Screen.tsx";
import styles from "./questions.module.css";

/** What people want to know, for who listens: asks, and lifts what others ask. Folded until it is wanted. */
export function QuestionPanel(props: { readonly room: Room; readonly state: RoomState }) {
  const { room, state } = props;
  const { pathname } = useLocation();
  const words = strings.questions;
  if (!state.questionsOpen) return null;
  return (
    <details className={styles.panel}>
      <summary>{words.count(state.questions.length)}</summary>
      <Waiting room={room} state={state} />
      {state.you.role === "guest" ? (
        <p className={styles.about}>
          <Link to={`/sign-in?to=${encodeURIComponent(pathname)}`}>{words.guest}</Link>
        </p>
      ) : (
        <Asking room={room} state={state} />
      )}
    </details>
  );
}

/** The same for who keeps order: opens and closes, and says what is answered. */
export function QuestionCard(props: { readonly room: Room; readonly state: RoomState }) {
  const { room, state } = props;
  const words = strings.questions;
  const flip = () => room.ask({ type: state.questionsOpen ? "closeQuestions" : "openQuestions" });
  return (
    <Card
      title={words.title}
      actions={
        <Button tone="quiet" size="small" onPress={flip}>
          {state.questionsOpen ? words.close : words.open}
        </Button>
      }
    >
      {state.questionsOpen ? (
        <Waiting room={room} state={state} />
      ) : (
        <p className={styles.about}>{words.closedHint}</p>
      )}
    </Card>
  );
}

function Waiting(props: { room: Room; state: RoomState }): ReactNode {
  const { room, state } = props;
  const { you, questions } = state;
  // Nobody is told which they have lifted; lifting twice changes nothing.
  const [lifted, setLifted] = useState<ReadonlySet<string>>(new Set());
  const words = strings.questions;
  if (questions.length === 0) return <p className={styles.about}>{words.none}</p>;
  const lift = (questionId: string) => {
    if (room.ask({ type: "upvoteQuestion", questionId })) setLifted(new Set([...lifted, questionId]));
  };
  return (
    <ol className={styles.list}>
      {questions.map(({ id, text, author, votes }) => {
        const isMine = author.id === you.id;
        return (
          <li key={id}>
            <div>
              <p dir="auto">{text}</p>
              <p className={styles.about}>
                <bdi>{author.name}</bdi> · {words.votes(votes)}
              </p>
            </div>
            {you.role === "guest" || isMine ? null : (
              <Button
                tone="plain"
                size="small"
                label={words.lift(text)}
                pressed={lifted.has(id)}
                onPress={() => lift(id)}
              >
                <Icon name="up" />
              </Button>
            )}
            {isCrew(you) ? (
              <Button
                tone="plain"
                size="small"
                label={words.settle(text)}
                onPress={() => room.ask({ type: "settleQuestion", questionId: id })}
              >
                <Icon name="check" />
              </Button>
            ) : null}
          </li>
        );
      })}
    </ol>
  );
}

function Asking(props: { room: Room; state: RoomState }) {
  const { room, state } = props;
  const [text, setText] = useState("");
  const [refused, setRefused] = useState<string | null>(null);
  const words = strings.questions;
  useEffect(
    () =>
      room.onNotice((notice) => {
        const known: Readonly<Record<string, string>> = strings.questions.errors;
        if (notice.type === "error") setRefused(known[notice.code] ?? null);
      }),
    [room],
  );
  const own = state.questions.filter(({ author }) => author.id === state.you.id).length;
  const ask = () => {
    const question = text.trim();
    if (question === "") return;
    setRefused(null);
    if (room.ask({ type: "askQuestion", text: question })) setText("");
    else setRefused(strings.room.lost);
  };
  if (own >= OWN_QUESTIONS) return <p className={styles.about}>{words.errors.ownQuestionsFull}</p>;
  return (
    <form
      className={styles.ask}
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
    >
      <input
        aria-label={words.write}
        placeholder={words.write}
        dir="auto"
        autoComplete="off"
        enterKeyHint="send"
        maxLength={MESSAGE_CHARACTERS}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button tone="quiet" size="small" type="submit">
        {words.ask}
      </Button>
      <p role="status" className={styles.about}>
        {refused ?? ""}
      </p>
    </form>
  );
}
