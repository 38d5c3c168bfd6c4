import { useId } from "react";

import { Button } from "./Button.tsx";
import fields from "./Field.module.css";
import styles from "./Toggles.module.css";

/** Some of a few, each a button that is pressed or not. */
export function Toggles<T extends string | number>(props: {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly options: readonly (readonly [T, string])[];
  readonly chosen: readonly T[];
  /** Those that cannot be pressed now. */
  readonly fixed?: readonly T[];
  readonly onChange: (chosen: readonly T[]) => void;
}) {
  const { label, hint, error, options, chosen, fixed = [], onChange } = props;
  const id = useId();
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would draw a frame of its own.
    <div
      role="group"
      aria-labelledby={`${id}-label`}
      aria-describedby={hint === undefined && error === undefined ? undefined : `${id}-about`}
      className={fields.field}
    >
      <p id={`${id}-label`} className={styles.label}>
        {label}
      </p>
      <div className={styles.options}>
        {options.map(([option, words]) => {
          const isChosen = chosen.includes(option);
          return (
            <Button
              key={option}
              tone="quiet"
              size="small"
              pressed={isChosen}
              disabled={fixed.includes(option)}
              onPress={() =>
                onChange(isChosen ? chosen.filter((other) => other !== option) : [...chosen, option])
              }
            >
              {words}
            </Button>
          );
        })}
      </div>
      <div id={`${id}-about`}>
        {hint === undefined ? null : <p className={fields.hint}>{hint}</p>}
        {error === undefined ? null : <p className={fields.error}>{error}</p>}
      </div>
    </div>
  );
}
