import type { ReactNode } from "react";

import styles from "./Screen.module.css";

/** A page with a heading, and what there is to do on it. */
export function Screen(props: {
  readonly title: string;
  readonly width?: "narrow" | "wide";
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className={`${styles.screen} ${styles[props.width ?? "wide"]}`}>
      <header className={styles.header}>
        <h1>{props.title}</h1>
        {props.actions}
      </header>
      {props.children}
    </section>
  );
}

/** A surface for what belongs together. */
export function Card(props: {
  readonly title?: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className={styles.card}>
      {props.title === undefined ? null : (
        <header className={styles.header}>
          <h2>{props.title}</h2>
          {props.actions}
        </header>
      )}
      {props.children}
    </section>
  );
}

/** Where there is nothing yet, or nothing any more. */
export function Notice(props: {
  readonly title: string;
  readonly hint?: string | undefined;
  readonly busy?: boolean;
  readonly children?: ReactNode;
}) {
  return (
    <div className={styles.notice} role="status" aria-busy={props.busy ?? false}>
      {props.busy ? <span className={styles.dots} aria-hidden="true" /> : null}
      <p className={styles.noticeTitle}>{props.title}</p>
      {props.hint === undefined ? null : <p>{props.hint}</p>}
      {props.children}
    </div>
  );
}

/** Lines of a list; each stands on its own. */
export function Rows(props: { readonly children: ReactNode }) {
  return <ul className={styles.rows}>{props.children}</ul>;
}

/** A line of a list: what it is, what is said of it, and what can be done. */
export function Row(props: {
  readonly title: ReactNode;
  readonly about?: ReactNode;
  readonly before?: ReactNode;
  readonly actions?: ReactNode;
}) {
  return (
    <li className={styles.row}>
      {props.before}
      <div className={styles.rowText}>
        <p className={styles.rowTitle}>{props.title}</p>
        {props.about === undefined ? null : <p className={styles.rowAbout}>{props.about}</p>}
      </div>
      {props.actions === undefined ? null : <div className={styles.rowActions}>{props.actions}</div>}
    </li>
  );
}
