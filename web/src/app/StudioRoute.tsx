import { ChatPanel } from "../features/chat/ChatPanel.tsx";
import { PollCard } from "../features/polls/PollCard.tsx";
import { QuestionCard } from "../features/questions/QuestionPanel.tsx";
import { Requests, SpeakerActions } from "../features/stage/Requests.tsx";
import { StageList } from "../features/stage/Stage.tsx";
import { StudioPage } from "../features/studio/StudioPage.tsx";
import { useRoom } from "../hooks/use-room.ts";
import { strings } from "../strings.ts";

/** The studio of a broadcast, and its room as the host keeps it: told at once, not when listeners hear it. */
export function StudioRoute(props: { readonly id: string }) {
  const { id } = props;
  const { room, view } = useRoom(id, true);
  const state = view.room;
  return (
    <StudioPage
      id={id}
      room={{
        room,
        state,
        stage: (speaking) =>
          state === null ? (
            <p role="status">{strings.room.connecting}</p>
          ) : (
            <>
              <StageList
                stage={state.stage}
                you={state.you.id}
                speaking={speaking}
                actions={(speaker) =>
                  speaker.user.id === state.you.id ? null : <SpeakerActions room={room} speaker={speaker} />
                }
              />
              <Requests room={room} state={state} />
            </>
          ),
        asking:
          state === null ? null : (
            <>
              <PollCard room={room} state={state} />
              <QuestionCard room={room} state={state} />
            </>
          ),
        chat:
          state === null ? null : (
            <ChatPanel room={room} state={state} said={state.messages} instead={null} />
          ),
      }}
    />
  );
}
