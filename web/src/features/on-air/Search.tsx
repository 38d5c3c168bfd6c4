import { useState } from "react";
import { Link } from "react-router";

import { findBroadcasts } from "../../api/broadcasts.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Lamp } from "../../ui/Lamp.tsx";
import styles from "./on-air.module.css";

/** How often what was found is asked for again, in milliseconds. */
const EVERY_MS = 15_000;

/** As much as the station reads. */
const CHARACTERS = 100;

/** Finds broadcasts by words. */
export function Search() {
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  const words = strings.onAir;
  return (
    <search className={styles.search}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(text.trim());
        }}
      >
        <input
          type="search"
          aria-label={words.search}
          placeholder={words.search}
          maxLength={CHARACTERS}
          dir="auto"
          enterKeyHint="search"
          value={text}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setText(value);
            if (value === "") setAsked("");
          }}
        />
      </form>
      {asked === "" ? null : <Found key={asked} q={asked} />}
    </search>
  );
}

function Found(props: { q: string }) {
  const { q } = props;
  const { watched } = useWatch((signal) => findBroadcasts(q, signal), EVERY_MS);
  const found = watched.status === "loading" ? null : watched.value;
  const said =
    watched.status === "unreachable"
      ? strings.onAir.unreachable
      : found?.length === 0
        ? strings.onAir.notFound
        : "";
  return (
    <>
      <p role="status">{said}</p>
      <ul className={styles.found}>
        {(found ?? []).map(({ id, title, host, status }) => (
          <li key={id}>
            <Link to={`/b/${encodeURIComponent(id)}`}>{title}</Link>
            <Lamp lit={status === "live"} label={strings.broadcasts.status[status]} />
            <p>{strings.recording.by(host.displayName)}</p>
          </li>
        ))}
      </ul>
    </>
  );
}
