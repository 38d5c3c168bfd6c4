import { type ReactNode, useLayoutEffect, useRef, useState } from "react";

import { Avatar } from "./Avatar.tsx";
import { Button } from "./Button.tsx";
import styles from "./Log.module.css";

/** Closer to the end than this is at the end, in pixels. */
const NEAR_PX = 48;

/** Something that somebody said. */
export interface Said {
  readonly id: string;
  readonly name: string;
  readonly text: string;
  /** What they are, where that says something. */
  readonly badge: string | null;
  /** When, as it stands there. */
  readonly when: ReactNode;
  /** What can be done with it. */
  readonly actions?: ReactNode;
}

/** What is said, the latest last; whoever reads what was said before is left there. */
export function Log(props: {
  readonly said: readonly Said[];
  readonly words: { readonly label: string; readonly empty: string; readonly toEnd: string };
  /** `read out` where it is said now, `quiet` where it comes with something that is heard. */
  readonly voice: "read out" | "quiet";
}) {
  const { said, words, voice } = props;
  const list = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const last = said.at(-1)?.id;
  const toEnd = () => list.current?.scrollTo?.({ top: list.current.scrollHeight });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new message is what it happens for.
  useLayoutEffect(() => {
    if (atEnd) toEnd();
  }, [last]);
  return (
    <div className={styles.messages}>
      {said.length === 0 ? <p className={styles.empty}>{words.empty}</p> : null}
      <div
        ref={list}
        className={styles.scroll}
        role="log"
        aria-live={voice === "quiet" ? "off" : "polite"}
        aria-label={words.label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) =>
          setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR_PX)
        }
      >
        <ul className={styles.list}>
          {said.map(({ id, name, text, badge, when, actions }) => (
            <li key={id} className={styles.message}>
              <Avatar name={name} />
              <div>
                <p className={styles.author}>
                  <bdi>{name}</bdi>
                  {badge === null ? null : <span className={styles.badge}>{badge}</span>}
                  {when}
                </p>
                <p className={styles.text} dir="auto">
                  {text}
                </p>
              </div>
              {actions}
            </li>
          ))}
        </ul>
      </div>
      {atEnd ? null : (
        <div className={styles.toEnd}>
          <Button tone="loud" size="small" onPress={toEnd}>
            {words.toEnd}
          </Button>
        </div>
      )}
    </div>
  );
}
