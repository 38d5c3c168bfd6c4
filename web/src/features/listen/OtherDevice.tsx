import { useEffect, useRef, useState } from "react";

import { useStateOf } from "../../hooks/use-state-of.ts";
import { Elsewhere } from "../../media/elsewhere.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import styles from "./listen.module.css";

/**
 * Plays the broadcast on another device, where this browser knows of one: it fetches what everybody may fetch, so a
 * broadcast that is not everybody's is not offered.
 */
export function OtherDevice(props: {
  readonly hlsUrl: string;
  /** The sound has gone there: it need not be heard here. */
  readonly onGone: () => void;
}) {
  const { hlsUrl } = props;
  const [elsewhere] = useState(() => new Elsewhere());
  const state = useStateOf(elsewhere);
  const audio = useRef<HTMLAudioElement>(null);
  const newest = useRef(props.onGone);
  newest.current = props.onGone;
  useEffect(() => {
    if (audio.current !== null) elsewhere.watch(audio.current, new URL(hlsUrl, location.href).href);
    return () => elsewhere.close();
  }, [elsewhere, hlsUrl]);
  useEffect(() => {
    if (state === "playing") newest.current();
  }, [state]);
  const words = strings.sound;
  return (
    <>
      {/* biome-ignore lint/a11y/useMediaCaption: the same speech, for another device to play. */}
      <audio ref={audio} />
      {state === "none" ? null : (
        <div className={styles.option}>
          <Button tone="quiet" size="small" onPress={() => elsewhere.choose()}>
            <Icon name="cast" />
            {state === "playing" ? words.backHere : words.elsewhere}
          </Button>
          <p role="status">{state === "playing" ? words.isElsewhere : ""}</p>
        </div>
      )}
    </>
  );
}
