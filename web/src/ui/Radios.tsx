import { useId } from "react";

import styles from "./Radios.module.css";

/** One of a few that are all to be read before choosing. */
export function Radios<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className={styles.radios}>
      <legend>{props.label}</legend>
      {props.options.map(([option, words]) => (
        <label key={option}>
          <input
            type="radio"
            name={name}
            checked={option === props.value}
            onChange={() => props.onChange(option)}
          />
          {words}
        </label>
      ))}
    </fieldset>
  );
}
