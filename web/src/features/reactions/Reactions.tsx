import { type CSSProperties, useEffect, useRef, useState } from "react";

import type { Room } from "../../signal/room.ts";
import { strings } from "../../strings.ts";
import styles from "./reactions.module.css";

/** Signs in the air at once; more are a cloud in which nobody sees one. */
const MOST = 24;

/** Signs that one sum sets free at the most. */
const AT_ONCE = 6;

/** A sum that belongs to a moment later than this is not waited for, in milliseconds. */
const LATEST_MS = 30_000;

/** One sign on its way up. */
interface Flying {
  readonly id: number;
  readonly emoji: string;
  /** Where it begins and how it sways, 0 to 1. */
  readonly place: number;
}

/** What to react with. */
export function ReactionBar(props: { readonly room: Room; readonly reactions: readonly string[] }) {
  const { room, reactions } = props;
  const words = strings.room;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is of a form; these are buttons.
    <div className={styles.bar} role="group" aria-label={words.reactions}>
      {reactions.map((emoji) => (
        <button
          key={emoji}
          type="button"
          aria-label={words.react(emoji)}
          onClick={() => room.ask({ type: "reaction", emoji })}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}

/**
 * Reactions of everybody, as they fly past, each when its moment of the programme is heard; decoration, so nothing
 * is read out.
 */
export function Flight(props: { readonly room: Room; readonly heard: () => number | null }) {
  const { room } = props;
  const [flying, setFlying] = useState<readonly Flying[]>([]);
  const newest = useRef(props.heard);
  newest.current = props.heard;
  useEffect(() => {
    let next = 0;
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const free = (counts: Readonly<Record<string, number>>) => {
      const signs = Object.entries(counts).flatMap(([emoji, count]) =>
        Array.from({ length: Math.min(count, AT_ONCE) }, (): Flying => {
          next += 1;
          return { id: next, emoji, place: Math.random() };
        }),
      );
      setFlying((before) => [...before, ...signs].slice(-MOST));
    };
    const stop = room.onNotice((notice) => {
      if (notice.type !== "reaction") return;
      const counts = notice.counts as Readonly<Record<string, number>>;
      const heardMs = newest.current();
      const atMs = notice.programTime ? Date.parse(notice.programTime) : Number.NaN;
      const waitMs = heardMs === null || Number.isNaN(atMs) ? 0 : Math.max(0, atMs - heardMs);
      if (waitMs > LATEST_MS) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        free(counts);
      }, waitMs);
      timers.add(timer);
    });
    return () => {
      stop();
      for (const timer of timers) clearTimeout(timer);
    };
  }, [room]);
  return (
    <div className={styles.air} aria-hidden="true">
      {flying.map(({ id, emoji, place }) => (
        <span
          key={id}
          style={{ "--place": place } as CSSProperties}
          onAnimationEnd={() => setFlying((before) => before.filter((other) => other.id !== id))}
        >
          {emoji}
        </span>
      ))}
    </div>
  );
}
