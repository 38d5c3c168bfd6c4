import { type ReactNode, useEffect, useId, useRef } from "react";

import { Button, type Tone } from "./Button.tsx";
import styles from "./Dialog.module.css";

/**
 * A question before everything else. The browser's own element: it keeps the focus inside, closes by Escape and
 * needs no style of its own in the page, which the policy would not let in.
 */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={title}>{props.title}</h2>
      {props.children}
    </dialog>
  );
}

/** Asks before something that cannot be taken back. */
export function Confirm(props: {
  readonly title: string;
  readonly hint: string;
  readonly yes: string;
  readonly no: string;
  readonly tone?: Tone;
  readonly busy?: boolean;
  readonly failure?: string | null;
  readonly onYes: () => void;
  readonly onNo: () => void;
}) {
  return (
    <Dialog title={props.title} onClose={props.onNo}>
      <p>{props.hint}</p>
      {props.failure ? (
        <p role="alert" className={styles.failure}>
          {props.failure}
        </p>
      ) : null}
      <div className={styles.actions}>
        <Button tone="quiet" size="small" onPress={props.onNo}>
          {props.no}
        </Button>
        <Button tone={props.tone ?? "danger"} size="small" busy={props.busy ?? false} onPress={props.onYes}>
          {props.yes}
        </Button>
      </div>
    </Dialog>
  );
}
