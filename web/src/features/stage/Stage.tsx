import type { ReactNode } from "react";

import type { OnStage } from "../../hooks/use-stage.ts";
import type { Speaker } from "../../signal/protocol.ts";
import type { Room } from "../../signal/room.ts";
import type { RoomState } from "../../signal/room-state.ts";
import { strings } from "../../strings.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import styles from "./stage.module.css";

/** Who is on stage; a ring is around who is heard to speak. */
export function StageList(props: {
  readonly stage: readonly Speaker[];
  readonly you: string;
  readonly speaking: ReadonlySet<string>;
  readonly actions?: (speaker: Speaker) => ReactNode;
}) {
  const words = strings.room;
  if (props.stage.length === 0) return <p className={styles.nobody}>{words.nobodyOnStage}</p>;
  return (
    <ul className={styles.stage} aria-label={words.stage}>
      {props.stage.map((speaker) => {
        const { user, muted } = speaker;
        const speaks = !muted && props.speaking.has(user.id);
        return (
          <li key={user.id} className={speaks ? styles.speaking : ""}>
            <span className={styles.face}>
              <Avatar name={user.name} size="big" />
              {muted ? (
                <span className={styles.muted}>
                  <Icon name="micOff" />
                </span>
              ) : null}
            </span>
            <bdi>{user.name}</bdi>
            <span className={styles.about}>
              {[user.id === props.you ? words.you : "", muted ? words.muted : speaks ? words.speaking : ""]
                .filter((word) => word !== "")
                .join(" · ")}
            </span>
            {props.actions?.(speaker)}
          </li>
        );
      })}
    </ul>
  );
}

/** What whoever listens can do to speak, and what they can do while they do. */
export function StageControls(props: {
  readonly room: Room;
  readonly state: RoomState;
  readonly own: OnStage;
}) {
  const { room, state, own } = props;
  const { you, hands, invited, onAir } = state;
  const words = strings.room;
  if (own.isThere) return <Speaking own={own} />;
  if (you.role === "guest") return null;
  const isRaised = hands.some(({ user }) => user.id === you.id);
  const needsNoInvitation = you.role === "speaker" || you.role === "moderator";
  return (
    <>
      {onAir ? (
        needsNoInvitation ? (
          <Button tone="quiet" size="small" onPress={() => own.enter("enterStage")}>
            <Icon name="mic" />
            {words.accept}
          </Button>
        ) : (
          <Button
            tone="quiet"
            size="small"
            pressed={isRaised}
            onPress={() => room.ask({ type: isRaised ? "lowerHand" : "raiseHand" })}
          >
            <Icon name="hand" />
            {isRaised ? words.lower : words.raise}
          </Button>
        )
      ) : null}
      {invited ? <Invitation room={room} own={own} /> : <Trouble own={own} />}
    </>
  );
}

function Invitation(props: { room: Room; own: OnStage }) {
  const { room, own } = props;
  const words = strings.room;
  const decline = () => room.ask({ type: "declineInvite" });
  return (
    <Dialog title={words.invited} onClose={decline}>
      <p>{words.invitedHint}</p>
      <Trouble own={own} />
      <div className={styles.buttons}>
        <Button tone="quiet" size="small" onPress={decline}>
          {words.decline}
        </Button>
        <Button
          tone="loud"
          size="small"
          busy={own.microphone.phase === "asking"}
          onPress={() => own.enter("acceptInvite")}
        >
          <Icon name="mic" />
          {words.accept}
        </Button>
      </div>
    </Dialog>
  );
}

function Speaking(props: { own: OnStage }) {
  const { own } = props;
  const words = strings.room;
  const isMuted = own.microphone.phase === "on" && own.microphone.isMuted;
  const hint = hintOf(own);
  return (
    <section className={styles.own} aria-label={words.youAreOn}>
      <div role="status">
        <p className={styles.ownTitle}>{own.connection.phase === "live" ? words.youAreOn : words.comingOn}</p>
        {hint === null ? null : <p>{hint}</p>}
      </div>
      <div className={styles.buttons}>
        {own.microphone.phase === "on" ? (
          <Button tone="quiet" size="small" pressed={isMuted} onPress={() => own.mute(!isMuted)}>
            <Icon name={isMuted ? "micOff" : "mic"} />
            {isMuted ? words.unmute : words.mute}
          </Button>
        ) : (
          <Button tone="loud" size="small" onPress={() => own.enter("enterStage")}>
            <Icon name="mic" />
            {words.accept}
          </Button>
        )}
        <Button tone="danger" size="small" onPress={own.leave}>
          {words.leaveStage}
        </Button>
      </div>
    </section>
  );
}

function hintOf(own: OnStage): string | null {
  const words = strings.room;
  if (own.connection.phase === "refused") return `${words.stageFailed} ${own.connection.detail}`;
  if (own.microphone.phase === "failed") return troubleOf(own);
  if (own.mutedByCrew) return words.mutedByCrew;
  return own.connection.phase === "live" || own.microphone.phase !== "on" ? null : words.goingOn;
}

function Trouble(props: { own: OnStage }) {
  const trouble = troubleOf(props.own);
  return trouble === null ? null : (
    <p role="alert" className={styles.trouble}>
      {trouble}
    </p>
  );
}

function troubleOf({ microphone }: OnStage): string | null {
  if (microphone.phase !== "failed") return null;
  switch (microphone.reason) {
    case "denied":
      return strings.room.microphoneDenied;
    case "missing":
      return strings.room.microphoneMissing;
    case "busy":
      return strings.studio.check.busy;
    case "insecure":
      return strings.studio.check.insecure;
  }
}
