import { lazy, type ReactNode, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";

import { type Broadcast, coverOf, loadBroadcast } from "../../api/broadcasts.ts";
import { Watch } from "../../api/watch.ts";
import { announce } from "../../media/media-session.ts";
import type { PlayerState } from "../../media/player-state.ts";
import type { Places } from "../../media/rewind.ts";
import { strings } from "../../strings.ts";
import { Beacon } from "../../ui/Beacon.tsx";
import { Button } from "../../ui/Button.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import { useShortcuts } from "../../ui/use-shortcuts.ts";
import { Again } from "./Again.tsx";
import { Behind } from "./Behind.tsx";
import styles from "./listen.module.css";
import { type Action, screenBehind, screenOf } from "./screen.ts";
import { usePlayers, usePresence } from "./use-player.ts";
import { useSleep } from "./use-sleep.ts";
import { Volume } from "./Volume.tsx";

/** Nobody waits for choices before there is sound. */
const Options = lazy(async () => ({ default: (await import("./Options.tsx")).Options }));

const OtherDevice = lazy(async () => ({ default: (await import("./OtherDevice.tsx")).OtherDevice }));

/** How often the server is asked about the broadcast, in milliseconds. */
const EVERY_MS = 5000;

/** The sound of the page, for what stands beside it. */
export interface Sound {
  /** The broadcast, as far as the station has told; null where there is none. */
  readonly broadcast: Broadcast | null;
  /** Which moment of the programme is heard now, in milliseconds since 1970; null while unknown. */
  readonly heard: () => number | null;
  /** Silence, for somebody who speaks on the stage and must not hear themselves late. */
  readonly hush: () => void;
  /** What was heard before the silence. */
  readonly resume: () => void;
  /** A WebRTC place is kept for this listener for a moment. */
  readonly offered: () => void;
}

/** One broadcast and its Listen button. */
export function ListenPage(props: {
  id: string;
  /** For a frame: without a picture or a choice of ways. */
  small?: boolean;
  /** What stands below the title. */
  tools?: (broadcast: Broadcast) => ReactNode;
  /** What stands beside the sound. */
  beside?: (sound: Sound) => ReactNode;
}) {
  const { id, small = false } = props;
  const [watch] = useState(() => new Watch((signal) => loadBroadcast(id, signal), EVERY_MS));
  const watched = useSyncExternalStore(watch.subscribe, watch.getState);
  const broadcast = watched.status === "loading" ? undefined : watched.value;
  const players = usePlayers(id);
  const { player, state, route, kept, replay, rewind, mode, ladder } = players;
  const audio = useRef<HTMLAudioElement>(null);
  const keptAudio = useRef<HTMLAudioElement>(null);
  const title = broadcast?.title ?? id;

  // Who hears by WebRTC is counted by the session.
  usePresence(id, route.heard === "hls" || mode === "behind");

  const act = (action: Action) => {
    if (action === "stop") rewind.close();
    else if (action === "unblock") {
      if (mode === "behind") kept.play();
      else player.unblock();
    } else withPlaces(({ live, addresses }) => player.attach(live, addresses));
  };

  const withPlaces = (go: (places: Places) => void) => {
    const { hlsUrl, whepUrl } = broadcast?.playback ?? elsewhere(id);
    const [live, kept] = [audio.current, keptAudio.current];
    if (live !== null && kept !== null) go({ live, kept, addresses: { hlsUrl, whepUrl } });
  };
  const step = (seconds: number) => withPlaces((places) => rewind.back(-seconds, places));
  const seek = (position: number) => withPlaces((places) => rewind.seek(position, places));
  const isBehind = mode !== "live";
  const isPaused = replay.phase === "paused";
  const toggle = () => (isPaused ? kept.play() : kept.pause());

  const asked = isBehind || (state.phase !== "idle" && state.phase !== "ended");
  const isHushed = useRef(false);
  const sound: Sound = {
    broadcast: broadcast ?? null,
    heard: () => (mode === "behind" ? kept.programTime() : player.programTime()),
    hush: () => {
      if (!asked) return;
      isHushed.current = true;
      rewind.close();
    },
    resume: () => {
      if (isHushed.current) act("listen");
      isHushed.current = false;
    },
    offered: () => player.offered(),
  };

  const loudness = useRef({ chosen: 1, fade: 1 });
  const louden = (change: { readonly chosen: number } | { readonly fade: number }) => {
    loudness.current = { ...loudness.current, ...change };
    const volume = loudness.current.chosen * loudness.current.fade;
    player.setVolume(volume);
    if (keptAudio.current !== null) keptAudio.current.volume = volume;
  };
  const sleep = useSleep({
    asked,
    // What is still heard of it is heard out.
    isOver: broadcast?.status === "ended" && mode === "live" && state.phase !== "playing",
    fade: (level) => louden({ fade: level }),
    stop: () => rewind.close(),
  });

  useShortcuts(asked ? { step, ...(mode === "behind" ? { toggle } : {}) } : null);
  const keys = useRef({ step, seek });
  keys.current = { step, seek };
  useEffect(() => {
    if (!asked) return undefined;
    return announce(title, strings.name, {
      play: () => (isBehind ? kept.play() : player.unblock()),
      // What is live cannot stand still.
      pause: () => (isBehind ? kept.pause() : rewind.close()),
      stop: () => rewind.close(),
      step: (seconds) => keys.current.step(seconds),
      ...(isBehind ? { seek: (position: number) => keys.current.seek(position) } : {}),
    });
  }, [asked, isBehind, title, player, kept, rewind]);

  const screen = screenBehind(mode, replay) ?? screenOf(state, broadcast);
  const live = broadcast?.status === "live";
  const cover = broadcast ? coverOf(broadcast) : null;
  const article = (
    <article className={`${styles.page} ${small ? styles.small : ""}`}>
      <title>{`${title} · ${strings.name}`}</title>
      <header className={styles.header}>
        <Lamp lit={live} label={live ? strings.listen.live : strings.listen.notLive} />
        <h1>{title}</h1>
        <About broadcast={broadcast} />
        {broadcast ? props.tools?.(broadcast) : null}
      </header>

      {small ? null : cover !== null ? (
        <img className={styles.cover} src={cover} alt="" />
      ) : (
        <Beacon glow={screen.glow} />
      )}

      <div role="status" className={styles.status}>
        <p className={styles.statusTitle}>{screen.title}</p>
        <p>{screen.hint}</p>
      </div>

      {/* biome-ignore lint/a11y/useMediaCaption: live speech as it is spoken; there is no text to show yet. */}
      <audio ref={audio} />
      {/* biome-ignore lint/a11y/useMediaCaption: the same speech, from what is kept of it. */}
      <audio ref={keptAudio} />
      {isBehind ? null : <Latency state={state} />}
      <div className={styles.controls}>
        <ActionButton action={screen.action} ended={state.phase === "ended"} act={act} />
        {asked && !small ? (
          <Behind
            players={players}
            step={step}
            seek={seek}
            toggle={toggle}
            toLive={() => withPlaces((places) => rewind.toLive(places))}
          />
        ) : null}
        {asked && !small ? (
          <Volume volume={loudness.current.chosen} onChange={(chosen) => louden({ chosen })} />
        ) : null}
        {screen.glow === "still" ? <Again broadcast={broadcast} /> : null}
        <Suspense>
          {!small && screen.action !== "none" && broadcast ? (
            <Options
              player={player}
              route={route}
              ladder={ladder}
              sleep={sleep}
              hasWays={!isBehind && broadcast.playback.whepUrl !== null}
              asked={asked}
            />
          ) : null}
          {!small && live && players.isOpen ? (
            <OtherDevice hlsUrl={broadcast.playback.hlsUrl} onGone={() => rewind.close()} />
          ) : null}
        </Suspense>
      </div>
      {broadcast?.description && !small ? (
        <p className={styles.description}>{broadcast.description}</p>
      ) : null}
    </article>
  );
  if (props.beside === undefined) return article;
  return (
    <div className={styles.layout}>
      {article}
      {props.beside(sound)}
    </div>
  );
}

function About(props: { broadcast: Broadcast | null | undefined }) {
  const { broadcast } = props;
  if (broadcast === null || broadcast === undefined) return null;
  const by = <li>{strings.recording.by(broadcast.host.displayName)}</li>;
  if (broadcast.status !== "live") {
    const { scheduledStartTime } = broadcast;
    const planned = broadcast.status === "scheduled" ? scheduledStartTime : null;
    return (
      <ul className={styles.about}>
        {by}
        {planned === null ? null : <li>{strings.broadcasts.planned(planned)}</li>}
      </ul>
    );
  }
  const minutes = broadcast.startedAt === null ? null : minutesSince(broadcast.startedAt);
  return (
    <ul className={styles.about}>
      {by}
      {minutes === null ? null : <li>{strings.listen.since(minutes)}</li>}
      <li>{strings.listen.listeners(broadcast.listenerCount)}</li>
    </ul>
  );
}

/** Where a broadcast that the server has not told of would be. */
function elsewhere(id: string): Broadcast["playback"] {
  return { hlsUrl: `/live/${encodeURIComponent(id)}/index.m3u8`, whepUrl: null };
}

/** Whole minutes; a page whose clock runs behind the server's sees none, not fewer. */
function minutesSince(time: string): number {
  return Math.max(0, Math.floor((Date.now() - Date.parse(time)) / 60_000));
}

function ActionButton(props: { action: Action; ended: boolean; act: (action: Action) => void }) {
  const press = () => props.act(props.action);
  const words = strings.listen;
  // One element whatever it says, so that the keyboard's focus stays on it.
  switch (props.action) {
    case "listen":
      return (
        <Button tone="loud" onPress={press}>
          {props.ended ? words.back : words.listen}
        </Button>
      );
    case "unblock":
      return (
        <Button tone="loud" onPress={press}>
          {words.unblock}
        </Button>
      );
    case "stop":
      return (
        <Button tone="quiet" onPress={press}>
          {words.stop}
        </Button>
      );
    case "none":
      return null;
  }
}

/** Not a live region: a number that changes every second is for the eye. */
function Latency(props: { state: PlayerState }) {
  if (props.state.phase !== "playing") return <p className={styles.latency} />;
  const { latencySeconds } = props.state;
  return (
    <p className={styles.latency}>
      {latencySeconds === null ? (
        strings.listen.latencyUnknown
      ) : (
        <>
          <strong>{strings.listen.latency(latencySeconds)}</strong> {strings.listen.latencyLabel}
        </>
      )}
    </p>
  );
}
