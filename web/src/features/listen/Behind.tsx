import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { SeekBar } from "../../ui/SeekBar.tsx";
import styles from "./listen.module.css";
import type { Players } from "./use-player.ts";

/** How far one press goes, in seconds. */
const SKIP_SECONDS = 30;

/** Back from live, and what there is to do there. */
export function Behind(props: {
  players: Players;
  step: (seconds: number) => void;
  seek: (position: number) => void;
  toggle: () => void;
  toLive: () => void;
}) {
  const { state, replay, mode } = props.players;
  const { step, seek, toggle, toLive } = props;
  const words = strings.listen.rewind;
  const back = (
    <Button tone="quiet" onPress={() => step(-SKIP_SECONDS)}>
      {words.back}
    </Button>
  );
  if (mode === "live") return state.phase === "playing" ? back : null;
  if (mode === "going back") {
    return (
      <Button tone="loud" onPress={toLive}>
        {words.toLive}
      </Button>
    );
  }
  const { reach, position, behindSeconds, phase } = replay;
  return (
    <>
      {behindSeconds === null ? null : (
        <p className={styles.latency}>
          <strong>{words.place(behindSeconds)}</strong>
        </p>
      )}
      {reach === null ? null : (
        <div className={styles.kept}>
          <SeekBar
            label={words.label}
            from={reach.from}
            to={reach.to}
            value={position}
            text={(at) => words.place(reach.to - at)}
            onSeek={seek}
          />
          <p className={styles.ends} aria-hidden="true">
            <span>{`−${words.length(reach.to - reach.from)}`}</span>
            <span>{words.now}</span>
          </p>
        </div>
      )}
      <div className={styles.steps}>
        {back}
        <Button tone="quiet" onPress={toggle}>
          {phase === "paused" ? words.play : words.pause}
        </Button>
        <Button tone="quiet" onPress={() => step(SKIP_SECONDS)}>
          {words.forward}
        </Button>
      </div>
      {mode === "returning" ? null : (
        <Button tone="loud" onPress={toLive}>
          {words.toLive}
        </Button>
      )}
    </>
  );
}
