import { useId, useState } from "react";
import { Link, useLocation } from "react-router";

import { isCrew, type Poll } from "../../signal/protocol.ts";
import type { Room } from "../../signal/room.ts";
import type { RoomState } from "../../signal/room-state.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import styles from "./polls.module.css";
import { Result } from "./Result.tsx";

/** The poll that is open, to be answered, or what the last one came to. Who may not answer sees how it stands. */
export function PollPanel(props: { readonly room: Room; readonly state: RoomState }) {
  const { room, state } = props;
  const { poll, lastPoll, vote, you } = state;
  const [putAway, setPutAway] = useState<string | null>(null);
  const words = strings.polls;
  const title = useId();
  const { pathname } = useLocation();
  const shown = poll ?? lastPoll;
  if (shown === null || (poll === null && shown.id === putAway)) return null;
  return (
    <section className={styles.panel} aria-labelledby={title}>
      <p className={styles.kind}>{poll === null ? words.closed : words.open}</p>
      <h2 id={title} dir="auto">
        {shown.question}
      </h2>
      {poll === null ? (
        <>
          <Result poll={shown} vote={null} />
          <Button tone="plain" size="small" onPress={() => setPutAway(shown.id)}>
            {strings.common.close}
          </Button>
        </>
      ) : you.role === "guest" ? (
        <>
          <Result poll={poll} vote={null} />
          <p className={styles.about}>
            <Link to={`/sign-in?to=${encodeURIComponent(pathname)}`}>{words.guest}</Link>
          </p>
        </>
      ) : (
        <Answers key={poll.id} room={room} poll={poll} vote={vote} seesAll={isCrew(you)} />
      )}
    </section>
  );
}

/** The answers to choose from; who has chosen sees how it stands, and may choose again. */
function Answers(props: { room: Room; poll: Poll; vote: number | null; seesAll: boolean }) {
  const { room, poll, vote, seesAll } = props;
  const [again, setAgain] = useState(false);
  const words = strings.polls;
  const answer = (option: number) => {
    if (room.ask({ type: "vote", pollId: poll.id, option })) setAgain(false);
  };
  if (vote !== null && !again) {
    return (
      <>
        <Result poll={poll} vote={vote} />
        <Button tone="plain" size="small" onPress={() => setAgain(true)}>
          {words.again}
        </Button>
      </>
    );
  }
  return (
    <>
      <div className={styles.choices}>
        {poll.options.map((option, place) => (
          <Button
            key={option}
            tone="quiet"
            size="small"
            pressed={place === vote}
            onPress={() => answer(place)}
          >
            <bdi>{option}</bdi>
          </Button>
        ))}
      </div>
      {seesAll ? <Result poll={poll} vote={vote} /> : null}
    </>
  );
}
