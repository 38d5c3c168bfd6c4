import { type ReactNode, useEffect, useRef } from "react";

import { type Chapter, playlistOf, type Recording } from "../../api/recordings.ts";
import { announce } from "../../media/media-session.ts";
import { type Replayer, type ReplayState, SPEEDS } from "../../media/replayer.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { SeekBar } from "../../ui/SeekBar.tsx";
import { useShortcuts } from "../../ui/use-shortcuts.ts";
import { Chapters } from "./Chapters.tsx";
import { Links } from "./Links.tsx";
import styles from "./recording.module.css";
import { useDetails, useReplayer } from "./use-recording.ts";

/** How far one press goes, in seconds. */
const STEP_SECONDS = 10;

/** Hears one recording. */
export function Player(props: {
  recording: Recording;
  /** Tells which position is heard, in seconds from the beginning. */
  onPosition: (position: number) => void;
  /** What stands below what there is to press. */
  children: ReactNode;
}) {
  const { recording, onPosition } = props;
  const [player, state] = useReplayer();
  useEffect(() => onPosition(state.position), [state.position, onPosition]);
  const audio = useRef<HTMLAudioElement>(null);
  const { chapters, bars } = useDetails(recording);
  const playlist = playlistOf(recording);
  const length = state.reach?.to ?? recording.durationSeconds ?? 0;
  const isOn = state.phase === "playing" || state.phase === "opening" || state.phase === "recovering";

  const start = (at: number) => {
    if (audio.current !== null && playlist !== null) player.attach(audio.current, playlist, { at });
  };
  const isIdle = state.phase === "idle" || state.phase === "absent";
  const seek = (position: number) => {
    if (isIdle) start(Math.max(0, Math.min(position, length)));
    else player.seek(position);
  };
  const step = (seconds: number) => seek(state.position + seconds);
  const toggle = () => {
    if (isIdle) start(0);
    else if (isOn) player.pause();
    else player.play();
  };

  useShortcuts({ step, toggle });
  const newest = useRef({ seek, step });
  newest.current = { seek, step };
  useEffect(() => {
    if (isIdle) return undefined;
    return announce(recording.title, recording.host.displayName, {
      play: () => player.play(),
      pause: () => player.pause(),
      step: (seconds) => newest.current.step(seconds),
      seek: (position) => newest.current.seek(position),
    });
  }, [isIdle, player, recording.title, recording.host.displayName]);

  const words = strings.recording;
  const goTo = (chapter: Chapter) => {
    seek(chapter.startTime);
    if (!isIdle && !isOn) player.play();
  };
  return (
    <>
      <div className={styles.place}>
        <SeekBar
          label={words.seek}
          from={0}
          to={length}
          value={state.position}
          text={(at) => words.place(at, length)}
          bars={bars}
          onSeek={seek}
        />
        <p className={styles.times} aria-hidden="true">
          <span>{words.length(state.position)}</span>
          <span>{words.length(length)}</span>
        </p>
      </div>
      <div className={styles.steps}>
        <Button tone="quiet" onPress={() => step(-STEP_SECONDS)}>
          {words.back}
        </Button>
        <Button tone="loud" onPress={toggle}>
          {pressOf(state, isOn)}
        </Button>
        <Button tone="quiet" onPress={() => step(STEP_SECONDS)}>
          {words.forward}
        </Button>
      </div>
      <p role="status" className={styles.said}>
        {saidOf(state)}
      </p>
      <Speed player={player} speed={state.speed} />
      <Chapters chapters={chapters} position={state.position} onPick={goTo} />
      {props.children}
      <Links recording={recording} />
      {/* biome-ignore lint/a11y/useMediaCaption: speech as it was spoken; there is no text to show yet. */}
      <audio ref={audio} />
    </>
  );
}

function pressOf({ phase }: ReplayState, isOn: boolean): string {
  const words = strings.recording;
  if (phase === "blocked") return words.unblock;
  if (phase === "ended") return words.again;
  return isOn ? words.pause : words.play;
}

/** What is not to be seen from the button. */
function saidOf({ phase, reason }: ReplayState): string {
  switch (phase) {
    case "opening":
      return strings.recording.opening;
    case "recovering":
      return `${strings.listen.reason[reason]} ${strings.recording.recovering}`;
    case "absent":
      return strings.recording.absent;
    case "blocked":
      return strings.listen.blocked.hint;
    case "idle":
    case "playing":
    case "paused":
    case "ended":
      return "";
  }
}

function Speed(props: { player: Replayer; speed: number }) {
  const words = strings.recording;
  return (
    <label className={styles.speed}>
      <span>{words.speed}</span>
      <select
        value={props.speed}
        onChange={(event) => props.player.setSpeed(Number(event.currentTarget.value))}
      >
        {SPEEDS.map((speed) => (
          <option key={speed} value={speed}>
            {words.times(speed)}
          </option>
        ))}
      </select>
    </label>
  );
}
