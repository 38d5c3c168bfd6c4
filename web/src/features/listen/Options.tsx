import { type ReactNode, useEffect, useState } from "react";

import { useStateOf } from "../../hooks/use-state-of.ts";
import { kilobytesPerMinute, type Ladder, QUALITIES, type Quality, type Rung } from "../../media/ladder.ts";
import type { Receiver, Route } from "../../media/receiver.ts";
import { SLEEP_CHOICES, type Sleep, type SleepChoice, type SleepState } from "../../media/sleep.ts";
import { Traffic, watchTraffic } from "../../media/traffic.ts";
import { strings } from "../../strings.ts";
import styles from "./listen.module.css";
import { Way } from "./Way.tsx";

/** How often what was measured is told, in milliseconds. */
const MEASURE_MS = 5000;

/** What whoever listens can choose of the sound. */
export function Options(props: {
  readonly player: Receiver;
  readonly route: Route;
  readonly ladder: Ladder;
  readonly sleep: Sleep;
  /** Whether there is a choice of ways. */
  readonly hasWays: boolean;
  /** Whether anything is heard, or about to be. */
  readonly asked: boolean;
}) {
  const { player, route, ladder, sleep, hasWays, asked } = props;
  return (
    <section className={styles.options} aria-label={strings.sound.more}>
      {hasWays ? <Way player={player} route={route} /> : null}
      <QualityChoice player={player} ladder={ladder} isHls={route.heard === "hls"} hasWays={hasWays} />
      {asked ? <SleepTimer sleep={sleep} /> : null}
    </section>
  );
}

/** Something to choose, and what is to be said of it. */
function Choice(props: {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
  children: ReactNode;
}) {
  return (
    <div className={styles.option}>
      <label className={styles.choice}>
        <span>{props.label}</span>
        <select value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
          {props.options.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <p>{props.children}</p>
    </div>
  );
}

function QualityChoice(props: { player: Receiver; ladder: Ladder; isHls: boolean; hasWays: boolean }) {
  const { player, ladder, isHls, hasWays } = props;
  const { quality, rungs } = useStateOf(ladder);
  const bytes = useMeasured(isHls);
  const words = strings.sound;
  const choose = (wanted: string) => {
    const chosen = QUALITIES.find((known) => known === wanted);
    if (chosen === undefined) return;
    // WebRTC has one quality: whoever wants less goes the other way, and back when they do not.
    if (chosen === "least") player.choose("hls");
    else if (quality === "least") player.choose("auto");
    ladder.choose(chosen);
  };
  const amountOf = (quality: Quality): string | null => {
    const rung = rungOf(quality, rungs);
    return rung === undefined ? null : words.perMinute(kilobytesPerMinute(rung.bitsPerSecond));
  };
  const named = (quality: Quality): readonly [string, string] => {
    const [name, amount] = [words.qualities[quality], amountOf(quality)];
    return [quality, amount === null ? name : words.named(name, amount)];
  };
  const amount = amountOf(quality);
  const said = [
    // On a narrow phone the choice itself has no room for it.
    amount === null ? "" : words.takes(amount),
    quality === "least" && hasWays ? words.saving : "",
    bytes === null ? "" : words.measured(Math.round(bytes / 1000)),
  ];
  return (
    <Choice label={words.quality} value={quality} options={QUALITIES.map(named)} onChange={choose}>
      {said.filter((text) => text !== "").join(" ")}
    </Choice>
  );
}

/** The leanest first; what the line decides has no size of its own. */
function rungOf(quality: Quality, rungs: readonly Rung[]): Rung | undefined {
  if (quality === "auto") return undefined;
  return quality === "least" ? rungs[0] : rungs.at(-1);
}

/** Bytes of the last minute, while HLS is heard; null until they are known. */
function useMeasured(isHls: boolean): number | null {
  const [bytes, setBytes] = useState<number | null>(null);
  useEffect(() => {
    setBytes(null);
    if (!isHls) return undefined;
    const traffic = new Traffic();
    const stop = watchTraffic(traffic);
    const timer = setInterval(() => setBytes(traffic.lastMinute(performance.now())), MEASURE_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [isHls]);
  return bytes;
}

function SleepTimer(props: { sleep: Sleep }) {
  const { sleep } = props;
  const state = useStateOf(sleep);
  const words = strings.sound;
  const nameOf = (choice: SleepChoice) => (choice === "end" ? words.atTheEnd : words.minutes(choice));
  const choose = (value: string) =>
    sleep.choose(SLEEP_CHOICES.find((choice) => String(choice) === value) ?? null);
  return (
    <Choice
      label={words.sleep}
      value={String(state.choice ?? "")}
      options={[["", words.off], ...SLEEP_CHOICES.map((choice) => [String(choice), nameOf(choice)] as const)]}
      onChange={choose}
    >
      {saidOf(state)}
    </Choice>
  );
}

function saidOf({ choice, minutesLeft, isFading }: SleepState): string {
  const words = strings.sound;
  if (isFading) return words.fading;
  if (choice === "end") return words.stopsAtTheEnd;
  return minutesLeft === null ? "" : words.stopsIn(minutesLeft);
}
