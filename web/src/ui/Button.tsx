import type { ReactNode } from "react";
import { Link } from "react-router";

import styles from "./Button.module.css";

/** `loud` is the one thing to do on a page, `danger` what cannot be undone, `plain` what hardly shows. */
export type Tone = "loud" | "quiet" | "danger" | "plain";

interface Look {
  readonly tone: Tone;
  /** `big` unless told. */
  readonly size?: "big" | "small";
  readonly children: ReactNode;
  /** What it is called where its content is a sign. */
  readonly label?: string;
}

const classes = ({ tone, size = "big" }: Look) => `${styles.button} ${styles[tone]} ${styles[size]}`;

/** Something to press. While `busy` it takes no press and keeps the focus. */
export function Button(
  props: Look & {
    readonly onPress?: () => void;
    readonly type?: "button" | "submit";
    readonly busy?: boolean;
    readonly disabled?: boolean;
    /** For what is on or off. */
    readonly pressed?: boolean;
  },
) {
  const { busy = false, onPress } = props;
  return (
    <button
      type={props.type ?? "button"}
      className={classes(props)}
      onClick={busy ? (event) => event.preventDefault() : onPress}
      disabled={props.disabled}
      aria-label={props.label}
      aria-busy={busy || undefined}
      aria-pressed={props.pressed}
    >
      {props.children}
    </button>
  );
}

/** A link that looks like a button. */
export function LinkButton(props: Look & { readonly to: string }) {
  return (
    <Link to={props.to} className={classes(props)} aria-label={props.label}>
      {props.children}
    </Link>
  );
}
