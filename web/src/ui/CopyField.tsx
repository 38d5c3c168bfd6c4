import { useId, useState } from "react";

import { Button } from "./Button.tsx";
import styles from "./CopyField.module.css";

/** Something to take elsewhere. A secret is shown when asked for; it can be copied without. */
export function CopyField(props: {
  readonly label: string;
  readonly value: string;
  readonly hint?: string;
  readonly words: {
    readonly copy: string;
    readonly copied: string;
    readonly show: string;
    readonly hide: string;
  };
  readonly secret?: boolean;
}) {
  const { label, value, words, secret = false } = props;
  const [shown, setShown] = useState(!secret);
  const [said, setSaid] = useState(false);
  const id = useId();
  const copy = () => {
    // Where a page may not write to the clipboard the text is there to be marked.
    navigator.clipboard?.writeText(value).then(
      () => setSaid(true),
      () => setShown(true),
    );
  };
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      <div className={styles.row}>
        <input
          id={id}
          readOnly
          dir="ltr"
          type={shown ? "text" : "password"}
          autoComplete="off"
          value={value}
          onFocus={(event) => event.currentTarget.select()}
        />
        {secret ? (
          <Button
            tone="quiet"
            size="small"
            onPress={() => setShown(!shown)}
            label={`${shown ? words.hide : words.show}: ${label}`}
          >
            {shown ? words.hide : words.show}
          </Button>
        ) : null}
        <Button tone="quiet" size="small" onPress={copy} label={`${words.copy}: ${label}`}>
          {said ? words.copied : words.copy}
        </Button>
      </div>
      {props.hint === undefined ? null : <p>{props.hint}</p>}
    </div>
  );
}
