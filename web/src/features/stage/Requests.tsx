import type { Speaker } from "../../signal/protocol.ts";
import type { Room } from "../../signal/room.ts";
import type { RoomState } from "../../signal/room-state.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Row, Rows } from "../../ui/Screen.tsx";
import styles from "./stage.module.css";

/** Who asks to speak, for who keeps order. */
export function Requests(props: { readonly room: Room; readonly state: RoomState }) {
  const { room, state } = props;
  const words = strings.room;
  return (
    <section aria-label={words.hands}>
      {state.hands.length === 0 ? (
        <p className={styles.nobody}>{words.noHands}</p>
      ) : (
        <Rows>
          {state.hands.map(({ user }) => (
            <Row
              key={user.id}
              title={<bdi>{user.name}</bdi>}
              about={words.hands}
              actions={
                <>
                  <Button
                    tone="loud"
                    size="small"
                    onPress={() => room.ask({ type: "inviteToStage", userId: user.id })}
                  >
                    {words.invite}
                  </Button>
                  <Button
                    tone="plain"
                    size="small"
                    onPress={() => room.ask({ type: "lowerHand", userId: user.id })}
                  >
                    {words.lowerTheirs}
                  </Button>
                </>
              }
            />
          ))}
        </Rows>
      )}
    </section>
  );
}

/** What who keeps order can do about somebody on stage. */
export function SpeakerActions(props: { readonly room: Room; readonly speaker: Speaker }) {
  const { room, speaker } = props;
  const { user, muted } = speaker;
  const words = strings.room;
  return (
    <div className={styles.buttons}>
      <Button
        tone="quiet"
        size="small"
        label={`${muted ? words.giveVoice : words.takeVoice}: ${user.name}`}
        onPress={() => room.ask({ type: "mute", userId: user.id, muted: !muted })}
      >
        {muted ? words.giveVoice : words.takeVoice}
      </Button>
      <Button
        tone="plain"
        size="small"
        label={`${words.off}: ${user.name}`}
        onPress={() => room.ask({ type: "removeFromStage", userId: user.id })}
      >
        {words.off}
      </Button>
    </div>
  );
}
