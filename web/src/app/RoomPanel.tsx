import { lazy, Suspense, useEffect, useRef } from "react";
import { Link, useLocation } from "react-router";

import { ChatPanel } from "../features/chat/ChatPanel.tsx";
import type { Sound } from "../features/listen/ListenPage.tsx";
import { Flight, ReactionBar } from "../features/reactions/Reactions.tsx";
import { StageControls, StageList } from "../features/stage/Stage.tsx";
import { useRoom } from "../hooks/use-room.ts";
import { useSaid } from "../hooks/use-said.ts";
import { useStage } from "../hooks/use-stage.ts";
import { isCrew } from "../signal/protocol.ts";
import type { RoomView } from "../signal/room.ts";
import { strings } from "../strings.ts";
import styles from "./BroadcastPage.module.css";

/** For who keeps order; who listens does not wait for it. */
const Requests = lazy(async () => ({
  default: (await import("../features/stage/Requests.tsx")).Requests,
}));

const SpeakerActions = lazy(async () => ({
  default: (await import("../features/stage/Requests.tsx")).SpeakerActions,
}));

/** Nobody waits for what is not asked. */
const PollPanel = lazy(async () => ({
  default: (await import("../features/polls/PollPanel.tsx")).PollPanel,
}));

const QuestionPanel = lazy(async () => ({
  default: (await import("../features/questions/QuestionPanel.tsx")).QuestionPanel,
}));

/** The room of a broadcast as its listeners have it. */
export function RoomPanel(props: { readonly id: string; readonly sound: Sound }) {
  const { id, sound } = props;
  const { room, view } = useRoom(id, sound.broadcast !== null);
  const state = view.room;
  const said = useSaid(state?.messages ?? [], sound.heard, state?.you.id ?? null);
  const own = useStage(id, room, state, sound);
  const { pathname } = useLocation();
  const newest = useRef(sound);
  newest.current = sound;
  useEffect(
    () =>
      room.onNotice(({ type }) => {
        if (type === "webrtcPlace") newest.current.offered();
      }),
    [room],
  );
  const words = strings.room;
  const notice = noticeOf(view);
  if (state === null) {
    return (
      <aside className={styles.room} aria-label={words.chat}>
        <p role="status" className={styles.notice}>
          {notice}
        </p>
      </aside>
    );
  }
  const signIn = (
    <p className={styles.signIn}>
      <Link to={`/sign-in?to=${encodeURIComponent(pathname)}`}>{words.guest}</Link>
    </p>
  );
  return (
    <aside className={styles.room} aria-label={words.chat}>
      <div className={styles.stage}>
        <StageList
          stage={state.stage}
          you={state.you.id}
          // Who is on the stage hears it sooner than it is told.
          speaking={own.isThere ? own.speaking : state.speaking}
          actions={(speaker) =>
            isCrew(state.you) && speaker.user.id !== state.you.id ? (
              <Suspense>
                <SpeakerActions room={room} speaker={speaker} />
              </Suspense>
            ) : null
          }
        />
        <StageControls room={room} state={state} own={own} />
        {isCrew(state.you) && state.hands.length > 0 ? (
          <Suspense>
            <Requests room={room} state={state} />
          </Suspense>
        ) : null}
        <p className={styles.people}>{words.inRoom(state.people)}</p>
      </div>
      <p role="status" className={styles.notice}>
        {notice}
      </p>
      <div className={styles.asking}>
        <Suspense>
          {state.poll !== null || state.lastPoll !== null ? <PollPanel room={room} state={state} /> : null}
          {state.questionsOpen ? <QuestionPanel room={room} state={state} /> : null}
        </Suspense>
      </div>
      <ChatPanel room={room} state={state} said={said} instead={state.you.role === "guest" ? signIn : null} />
      <ReactionBar room={room} reactions={state.rules.reactions} />
      <Flight room={room} heard={sound.heard} />
    </aside>
  );
}

function noticeOf({ connection }: RoomView): string {
  const words = strings.room;
  switch (connection.phase) {
    case "idle":
    case "in":
      return "";
    case "connecting":
      return words.connecting;
    case "lost":
      return words.lost;
    case "over":
      return connection.reason === "put out" ? words.putOut : words.refused;
  }
}
