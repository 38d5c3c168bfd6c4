import type { Poll } from "../../signal/protocol.ts";
import { strings } from "../../strings.ts";
import styles from "./polls.module.css";

/** What a poll came to, or stands at: each answer with its share. */
export function Result(props: {
  readonly poll: Pick<Poll, "options" | "counts">;
  /** The answer that one gave, from 0. */
  readonly vote: number | null;
}) {
  const { options, counts } = props.poll;
  const all = counts.reduce((sum, count) => sum + count, 0);
  const words = strings.polls;
  return (
    <>
      <ul className={styles.answers}>
        {options.map((option, place) => {
          const count = counts[place] ?? 0;
          const share = all === 0 ? 0 : count / all;
          return (
            <li key={option} className={styles.answer}>
              <p>
                <bdi>{option}</bdi> {place === props.vote ? <span>{words.yours}</span> : null}
              </p>
              <p className={styles.share}>{words.share(share, count)}</p>
              {/* What it shows is said above. */}
              <meter aria-hidden="true" min={0} max={1} value={share} />
            </li>
          );
        })}
      </ul>
      <p className={styles.about}>{words.votes(all)}</p>
    </>
  );
}
