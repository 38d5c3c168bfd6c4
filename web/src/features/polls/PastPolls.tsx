import { useEffect, useState } from "react";

import { loadPolls, type PastPoll } from "../../api/polls.ts";
import { strings } from "../../strings.ts";
import styles from "./polls.module.css";
import { Result } from "./Result.tsx";

/** What was asked in a broadcast that is over, and what was answered; nothing where nothing was. */
export function PastPolls(props: { readonly broadcastId: string }) {
  const { broadcastId } = props;
  const [polls, setPolls] = useState<readonly PastPoll[]>([]);
  useEffect(() => {
    const controller = new AbortController();
    // The page is whole without them.
    loadPolls(broadcastId, controller.signal).then(setPolls, () => {});
    return () => controller.abort();
  }, [broadcastId]);
  if (polls.length === 0) return null;
  return (
    <section className={styles.past}>
      <h2>{strings.polls.past}</h2>
      <ol>
        {polls.map(({ id, question, answers }) => (
          <li key={id}>
            <h3 dir="auto">{question}</h3>
            <Result
              poll={{ options: answers.map(({ text }) => text), counts: answers.map(({ votes }) => votes) }}
              vote={null}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}
