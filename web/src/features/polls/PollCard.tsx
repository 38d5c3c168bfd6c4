import { useState } from "react";

import { MESSAGE_CHARACTERS, POLL_OPTIONS } from "../../signal/protocol.ts";
import type { Room } from "../../signal/room.ts";
import type { RoomState } from "../../signal/room-state.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Form, TextField } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Card } from "../../ui/Screen.tsx";
import { textsOf } from "./draft.ts";
import styles from "./polls.module.css";
import { Result } from "./Result.tsx";

/** Where a host asks everybody: a poll is made, watched and closed here. */
export function PollCard(props: { readonly room: Room; readonly state: RoomState }) {
  const { room, state } = props;
  const { poll, lastPoll } = state;
  const words = strings.polls;
  if (poll !== null) {
    return (
      <Card title={words.open}>
        <p className={styles.question}>
          <bdi>{poll.question}</bdi>
        </p>
        <Result poll={poll} vote={state.vote} />
        <div>
          <Button tone="quiet" size="small" onPress={() => room.ask({ type: "closePoll", pollId: poll.id })}>
            {words.close}
          </Button>
        </div>
      </Card>
    );
  }
  return (
    <Card title={words.title}>
      {lastPoll === null ? null : (
        <section aria-label={words.closed}>
          <p className={styles.question}>
            <bdi>{lastPoll.question}</bdi>
          </p>
          <Result poll={lastPoll} vote={null} />
        </section>
      )}
      <Maker room={room} />
    </Card>
  );
}

function Maker(props: { room: Room }) {
  const { room } = props;
  const [question, setQuestion] = useState("");
  const [options, setOptions] = useState<readonly string[]>(["", ""]);
  const [failure, setFailure] = useState<string | null>(null);
  const words = strings.polls;
  const write = (place: number, text: string) =>
    setOptions(options.map((option, other) => (other === place ? text : option)));
  const open = () => {
    const draft = textsOf(question, options);
    if (draft === null) setFailure(words.incomplete);
    else if (!room.ask({ type: "openPoll", ...draft })) setFailure(strings.room.lost);
  };
  return (
    <Form
      onSubmit={open}
      failure={failure}
      actions={
        <>
          <Button tone="quiet" size="small" type="submit">
            {words.start}
          </Button>
          {options.length < POLL_OPTIONS.most ? (
            <Button tone="plain" size="small" onPress={() => setOptions([...options, ""])}>
              <Icon name="plus" />
              {words.addAnswer}
            </Button>
          ) : null}
        </>
      }
    >
      <TextField
        label={words.question}
        value={question}
        dir="auto"
        maxLength={MESSAGE_CHARACTERS}
        onChange={(event) => setQuestion(event.currentTarget.value)}
      />
      {options.map((option, place) => (
        <TextField
          // biome-ignore lint/suspicious/noArrayIndexKey: an answer is its place until it is sent.
          key={place}
          label={words.answer(place + 1)}
          value={option}
          dir="auto"
          maxLength={MESSAGE_CHARACTERS}
          onChange={(event) => write(place, event.currentTarget.value)}
        />
      ))}
    </Form>
  );
}
