import { useEffect, useId, useRef, useState } from "react";

import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import styles from "./broadcasts.module.css";

/** Largest picture that the station takes, in bytes. */
const MOST = 2 * 1024 * 1024;

/** The picture of a broadcast: the one it has, one that is to be uploaded, or none. */
export function Cover(props: {
  readonly current: string | null;
  /** Null leaves it as it is. */
  readonly picture: File | "none" | null;
  readonly onChange: (picture: File | "none" | null) => void;
}) {
  const { current, picture, onChange } = props;
  const [tooBig, setTooBig] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const hint = useId();
  const shown = usePreview(picture) ?? (picture === "none" ? null : current);
  const words = strings.broadcasts;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would draw a frame of its own.
    <div role="group" aria-label={words.cover} aria-describedby={hint} className={styles.cover}>
      <p className={styles.coverLabel}>{words.cover}</p>
      <Picture shown={shown} />
      <input
        ref={field}
        type="file"
        accept="image/png,image/jpeg,image/webp"
        aria-label={words.chooseCover}
        className={styles.file}
        onChange={({ currentTarget }) => {
          const chosen = currentTarget.files?.[0];
          if (chosen === undefined) return;
          const fits = chosen.size <= MOST;
          setTooBig(!fits);
          if (fits) onChange(chosen);
          currentTarget.value = "";
        }}
      />
      <div className={styles.coverButtons}>
        <Button tone="quiet" size="small" onPress={() => field.current?.click()}>
          {words.chooseCover}
        </Button>
        {shown === null ? null : (
          <Button tone="plain" size="small" onPress={() => onChange(current === null ? null : "none")}>
            {words.removeCover}
          </Button>
        )}
      </div>
      <p id={hint} className={styles.hint}>
        {words.coverHint}
      </p>
      <p role="alert" className={styles.hint}>
        {tooBig ? words.coverTooBig : ""}
      </p>
    </div>
  );
}

function Picture(props: { shown: string | null }) {
  return props.shown === null ? null : <img className={styles.preview} src={props.shown} alt="" />;
}

/** A picture of this device, as an address that the policy lets be shown. */
function usePreview(picture: File | "none" | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    setUrl(null);
    if (!(picture instanceof File)) return undefined;
    const reader = new FileReader();
    reader.onload = () => setUrl(typeof reader.result === "string" ? reader.result : null);
    reader.readAsDataURL(picture);
    return () => reader.abort();
  }, [picture]);
  return url;
}
