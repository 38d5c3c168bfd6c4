import { Switch as RadixSwitch } from "radix-ui";
import { type ComponentProps, type ReactNode, useId } from "react";

import styles from "./Field.module.css";

interface About {
  readonly label: string;
  readonly hint?: string | undefined;
  /** What is wrong with what stands there. */
  readonly error?: string | undefined;
}

interface Ids {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": boolean | undefined;
}

/** A label, something to fill in, and what is to be said about it. */
function Labelled(props: About & { readonly children: (ids: Ids) => ReactNode }) {
  const { label, hint, error } = props;
  const id = useId();
  const about = [hint === undefined ? "" : `${id}-hint`, error === undefined ? "" : `${id}-error`];
  const describedBy = about.filter((name) => name !== "").join(" ");
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {props.children({
        id,
        "aria-describedby": describedBy === "" ? undefined : describedBy,
        "aria-invalid": error === undefined ? undefined : true,
      })}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {error === undefined ? null : (
        <p id={`${id}-error`} className={styles.error}>
          {error}
        </p>
      )}
    </div>
  );
}

/** One line of text. */
export function TextField(props: About & Omit<ComponentProps<"input">, "id">) {
  const { label, hint, error, ...rest } = props;
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(ids) => <input {...rest} {...ids} className={styles.input} />}
    </Labelled>
  );
}

/** Several lines of text. */
export function TextArea(props: About & Omit<ComponentProps<"textarea">, "id">) {
  const { label, hint, error, ...rest } = props;
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(ids) => <textarea rows={4} {...rest} {...ids} className={styles.input} />}
    </Labelled>
  );
}

/** One of a few. */
export function Select<T extends string>(
  props: About & {
    readonly value: T;
    readonly options: readonly (readonly [T, string])[];
    readonly onChange: (value: T) => void;
    readonly disabled?: boolean;
  },
) {
  const { label, hint, error, value, options, onChange } = props;
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(ids) => (
        <select
          {...ids}
          className={styles.input}
          value={value}
          disabled={props.disabled}
          onChange={(event) => {
            const chosen = options.find(([option]) => option === event.currentTarget.value);
            if (chosen !== undefined) onChange(chosen[0]);
          }}
        >
          {options.map(([option, words]) => (
            <option key={option} value={option}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

/** On or off, at once. */
export function Switch(props: {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className={styles.switchRow}>
      <div>
        <label htmlFor={id}>{props.label}</label>
        {props.hint === undefined ? null : (
          <p id={`${id}-hint`} className={styles.hint}>
            {props.hint}
          </p>
        )}
      </div>
      <RadixSwitch.Root
        id={id}
        className={styles.switch}
        checked={props.checked}
        onCheckedChange={props.onChange}
        disabled={props.disabled ?? false}
        aria-describedby={props.hint === undefined ? undefined : `${id}-hint`}
      >
        <RadixSwitch.Thumb className={styles.thumb} />
      </RadixSwitch.Root>
    </div>
  );
}

/** Fields with what went wrong above them, and what to press below. */
export function Form(props: {
  readonly onSubmit: () => void;
  readonly failure?: string | null;
  readonly children: ReactNode;
  readonly actions: ReactNode;
}) {
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      <div role="alert" className={styles.failure}>
        {props.failure ? <p>{props.failure}</p> : null}
      </div>
      {props.children}
      <div className={styles.actions}>{props.actions}</div>
    </form>
  );
}
