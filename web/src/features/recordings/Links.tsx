import { useState } from "react";

import type { Recording } from "../../api/recordings.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import styles from "./recording.module.css";

/** What became of a wish to share: the link is shown where the page may not hand it on. */
type Shared = "no" | "copied" | "shown";

/** The files, and the link to the page. */
export function Links(props: { recording: Recording }) {
  const { recording } = props;
  const [shared, setShared] = useState<Shared>("no");
  const words = strings.recording;
  const link = new URL(`/r/${encodeURIComponent(recording.id)}`, location.origin).href;
  return (
    <section className={styles.section}>
      <div className={styles.links}>
        <span className={styles.downloads}>{words.downloads}</span>
        <a href={recording.downloadUrl} download>
          {words.m4a}
        </a>
        <a href={recording.opusUrl} download>
          {words.opus}
        </a>
      </div>
      <Button tone="quiet" onPress={() => void handOn(recording.title, link).then(setShared)}>
        {words.share}
      </Button>
      {shared === "shown" ? (
        <input
          className={styles.link}
          readOnly
          value={link}
          aria-label={words.link}
          onFocus={(event) => event.currentTarget.select()}
        />
      ) : null}
      <p role="status" className={styles.said}>
        {shared === "copied" ? words.shared : ""}
      </p>
    </section>
  );
}

/** By the system's own sheet where there is one, else by the clipboard, which pages without TLS do not have. */
async function handOn(title: string, url: string): Promise<Shared> {
  try {
    if (navigator.share !== undefined) {
      await navigator.share({ title, url });
      return "no";
    }
    await navigator.clipboard.writeText(url);
    return "copied";
  } catch (error) {
    // Who closes the sheet has changed their mind.
    return error instanceof DOMException && error.name === "AbortError" ? "no" : "shown";
  }
}
