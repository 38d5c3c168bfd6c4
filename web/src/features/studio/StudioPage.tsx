import { type ReactNode, useEffect, useState } from "react";

import { loadConfig } from "../../api/config.ts";
import { endBroadcast, loadIsRecorded, loadOwn, type OwnBroadcast, setRecording } from "../../api/studio.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import type { Room } from "../../signal/room.ts";
import type { RoomState } from "../../signal/room-state.ts";
import { strings } from "../../strings.ts";
import { Button, LinkButton } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import { Card, Notice } from "../../ui/Screen.tsx";
import { Chapters } from "./Chapters.tsx";
import { Encoder } from "./Encoder.tsx";
import { HealthCard } from "./HealthCard.tsx";
import { MicrophoneCard } from "./MicrophoneCard.tsx";
import { PreflightCard } from "./PreflightCard.tsx";
import { checks, isReady } from "./preflight.ts";
import { RulesCard } from "./RulesCard.tsx";
import styles from "./studio.module.css";
import { type Studio, useStudio } from "./use-studio.ts";

/** How often the station is asked about the broadcast, and whether it is recorded, in milliseconds. */
const EVERY_MS = 3000;

/** The settings hardly change, in milliseconds. */
const CONFIG_MS = 60_000;

/** A room as the studio has it, and what stands beside the controls; made by the app. */
export interface StudioRoom {
  readonly room: Room;
  readonly state: RoomState | null;
  /** The stage and its requests. */
  readonly stage: (speaking: ReadonlySet<string>) => ReactNode;
  readonly chat: ReactNode;
  /** Polls and questions. */
  readonly asking: ReactNode;
}

/** Where a host makes a broadcast. */
export function StudioPage(props: { readonly id: string; readonly room: StudioRoom }) {
  const { id, room } = props;
  const { watched, again } = useWatch((signal) => loadOwn(id, signal), EVERY_MS);
  const words = strings.studio;
  if (watched.status === "loading") return <Notice busy title={strings.common.loading} />;
  if (watched.value === null) return <Notice busy title={strings.common.unreachable} />;
  if (!watched.value.ingest) {
    return <Notice title={strings.auth.notAllowed} hint={words.notYours} />;
  }
  return <Desk broadcast={watched.value} room={room} again={again} />;
}

function Desk(props: { broadcast: OwnBroadcast; room: StudioRoom; again: () => void }) {
  const { broadcast, again } = props;
  const { room, state, stage, chat, asking } = props.room;
  const { id, title } = broadcast;
  const others = state?.stage.filter(({ user }) => user.id !== state.you.id) ?? [];
  const studio = useStudio(id, others.length > 0);
  const { watched: config } = useWatch(loadConfig, CONFIG_MS);
  const webrtc = config.status === "loading" ? null : (config.value?.webrtc ?? null);
  const all = checks({ ...studio, microphone: studio.heard, webrtc });
  const isSending = studio.publisher.phase !== "idle" && studio.publisher.phase !== "refused";
  const isLive = broadcast.status === "live";
  useGuard(isSending);
  const words = strings.studio;
  return (
    <div className={styles.studio}>
      <title>{`${title} · ${words.title} · ${strings.name}`}</title>
      <header className={styles.header}>
        <div>
          <Lamp lit={isLive} label={isLive ? words.onAir : words.offAir} />
          <h1>{title}</h1>
          <Clock startedAt={isLive ? broadcast.startedAt : null} />
        </div>
        <div className={styles.buttons}>
          <LinkButton tone="plain" size="small" to={`/b/${encodeURIComponent(id)}`}>
            {strings.broadcasts.listen}
          </LinkButton>
          <Recording id={id} isLive={isLive} />
          <GoLive
            broadcast={broadcast}
            studio={studio}
            isReady={isReady(all)}
            isSending={isSending}
            again={again}
          />
        </div>
      </header>
      <Trouble studio={studio} />
      <div className={styles.columns}>
        <div className={styles.column}>
          {isSending ? null : <PreflightCard checks={all} studio={studio} />}
          <MicrophoneCard studio={studio} isSending={isSending} />
          <HealthCard studio={studio} state={state} isSending={isSending} />
          <Encoder broadcast={broadcast} again={again} />
        </div>
        <div className={styles.column}>
          <Card title={words.stage}>{stage(studio.speaking)}</Card>
          <div className={styles.chat}>{chat}</div>
          {asking}
          {state === null ? null : <Chapters room={room} state={state} />}
          {state === null ? null : <RulesCard room={room} rules={state.rules} />}
        </div>
      </div>
    </div>
  );
}

function GoLive(props: {
  broadcast: OwnBroadcast;
  studio: Studio;
  isReady: boolean;
  isSending: boolean;
  again: () => void;
}) {
  const { broadcast, studio, isReady, isSending, again } = props;
  const [asking, setAsking] = useState(false);
  const words = strings.studio;
  const start = useAction(() => studio.goLive(broadcast));
  const end = useAction(async () => {
    await endBroadcast(broadcast.id);
    studio.leave();
    setAsking(false);
    again();
  });
  if (!isSending && broadcast.status !== "live") {
    return (
      <>
        <Button tone="loud" disabled={!isReady} busy={start.busy} onPress={start.run}>
          {words.goLive}
        </Button>
        <p role="alert">{start.failure?.text ?? ""}</p>
      </>
    );
  }
  return (
    <>
      {isSending ? null : (
        // On air by an encoder, or from another window.
        <Button tone="quiet" disabled={!isReady} busy={start.busy} onPress={start.run}>
          {words.goLive}
        </Button>
      )}
      <Button tone="danger" onPress={() => setAsking(true)}>
        {words.end}
      </Button>
      {asking ? (
        <Confirm
          title={words.endTitle}
          hint={words.endHint}
          yes={words.endConfirm}
          no={words.stayOn}
          busy={end.busy}
          failure={end.failure?.text ?? null}
          onYes={end.run}
          onNo={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}

function Trouble(props: { studio: Studio }) {
  const { publisher } = props.studio;
  const words = strings.studio;
  if (publisher.phase === "recovering") {
    return (
      <p role="alert" className={styles.trouble}>
        {words.state.recovering(publisher.attempt)}
      </p>
    );
  }
  if (publisher.phase !== "refused") return <p role="alert" />;
  const { status, detail } = publisher;
  const known = status === 401 || status === 403 || status === 404 || status === 409;
  return (
    <p role="alert" className={styles.trouble}>
      {known ? words.refused[status] : words.refused.other(detail)}
    </p>
  );
}

function Recording(props: { id: string; isLive: boolean }) {
  const { id, isLive } = props;
  const { watched, again } = useWatch((signal) => loadIsRecorded(id, signal), EVERY_MS);
  const isRecorded = watched.status !== "loading" && watched.value === true;
  const action = useAction(async () => {
    await setRecording(id, !isRecorded);
    again();
  });
  const words = strings.studio;
  if (!isLive) return null;
  return (
    <>
      <span role="status">
        <Lamp lit={isRecorded} label={isRecorded ? words.recording : words.notRecording} />
      </span>
      <Button tone="plain" size="small" busy={action.busy} onPress={action.run}>
        {isRecorded ? words.stopRecording : words.record}
      </Button>
    </>
  );
}

function Clock(props: { startedAt: string | null }) {
  const { startedAt } = props;
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (startedAt === null) return null;
  return <p className={styles.clock}>{strings.studio.onAirFor((now - Date.parse(startedAt)) / 1000)}</p>;
}

/** Asks before the page is left while somebody speaks into it. */
function useGuard(isNeeded: boolean): void {
  useEffect(() => {
    if (!isNeeded) return undefined;
    const guard = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", guard);
    return () => removeEventListener("beforeunload", guard);
  }, [isNeeded]);
}
