import { useEffect, useRef, useState, useSyncExternalStore } from "react";

import { type Broadcast, loadBroadcast } from "../../api/broadcasts.ts";
import { Watch } from "../../api/watch.ts";
import type { PlayerState } from "../../media/player-state.ts";
import { strings } from "../../strings.ts";
import { Beacon } from "../../ui/Beacon.tsx";
import { Button } from "../../ui/Button.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import styles from "./listen.module.css";
import { announce } from "./media-session.ts";
import { type Action, screenOf } from "./screen.ts";
import { usePlayer, usePresence } from "./use-player.ts";
import { Volume } from "./Volume.tsx";
import { Way } from "./Way.tsx";

/** How often the server is asked about the broadcast, in milliseconds. */
const EVERY_MS = 5000;

/** One broadcast and its Listen button. */
export function ListenPage(props: { id: string }) {
  const { id } = props;
  const [watch] = useState(() => new Watch((signal) => loadBroadcast(id, signal), EVERY_MS));
  const watched = useSyncExternalStore(watch.subscribe, watch.getState);
  const broadcast = watched.status === "loading" ? undefined : watched.value;
  const [player, state, route] = usePlayer(id);
  const audio = useRef<HTMLAudioElement>(null);
  const title = broadcast?.title ?? id;

  // Who hears by WebRTC is counted by the session.
  usePresence(id, route.heard === "hls");

  const act = (action: Action) => {
    if (action === "stop") player.close();
    else if (action === "unblock") player.unblock();
    else if (audio.current !== null) {
      const { hlsUrl, whepUrl } = broadcast?.playback ?? elsewhere(id);
      player.attach(audio.current, { hlsUrl, whepUrl });
    }
  };

  const asked = state.phase !== "idle" && state.phase !== "ended";
  useEffect(() => {
    if (!asked) return undefined;
    return announce(title, strings.name, {
      play: () => player.unblock(),
      stop: () => player.close(),
    });
  }, [asked, title, player]);

  const screen = screenOf(state, broadcast);
  const live = broadcast?.status === "live";
  return (
    <article className={styles.page}>
      <title>{`${title} · ${strings.name}`}</title>
      <header className={styles.header}>
        <Lamp lit={live} label={live ? strings.listen.live : strings.listen.notLive} />
        <h1>{title}</h1>
        <About broadcast={broadcast} />
      </header>

      <Beacon glow={screen.glow} />

      <div role="status" className={styles.status}>
        <p className={styles.statusTitle}>{screen.title}</p>
        <p>{screen.hint}</p>
      </div>

      <Latency state={state} />
      <div className={styles.controls}>
        <ActionButton action={screen.action} ended={state.phase === "ended"} act={act} />
        {asked ? <Volume player={player} /> : null}
        {screen.action !== "none" && broadcast?.playback.whepUrl ? (
          <Way player={player} route={route} />
        ) : null}
      </div>
      {/* biome-ignore lint/a11y/useMediaCaption: live speech as it is spoken; there is no text to show yet. */}
      <audio ref={audio} />
    </article>
  );
}

function About(props: { broadcast: Broadcast | null | undefined }) {
  const { broadcast } = props;
  if (broadcast?.status !== "live") return null;
  const minutes = broadcast.startedAt === null ? null : minutesSince(broadcast.startedAt);
  return (
    <ul className={styles.about}>
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
