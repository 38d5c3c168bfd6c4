import type { ReactNode } from "react";

import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { FormDialog } from "./FormDialog.tsx";

/** Makes something that has a secret: a few fields first, and then what is shown this once. */
export function MakeDialog<T>(props: {
  readonly title: string;
  readonly hint?: string | undefined;
  readonly yes: string;
  readonly words: { readonly cancel: string; readonly close: string };
  readonly busy: boolean;
  readonly failure: string | null;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  /** What was made; null until then. */
  readonly made: T | null;
  /** What there is to take away of it. */
  readonly shown: (made: T) => ReactNode;
  /** The fields. */
  readonly children: ReactNode;
}) {
  const { title, words, made, onClose } = props;
  if (made !== null) {
    return (
      <Dialog title={title} onClose={onClose}>
        {props.shown(made)}
        <div>
          <Button tone="quiet" size="small" onPress={onClose}>
            {words.close}
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={title}
      hint={props.hint}
      yes={props.yes}
      no={words.cancel}
      busy={props.busy}
      failure={props.failure}
      onSubmit={props.onSubmit}
      onClose={onClose}
    >
      {props.children}
    </FormDialog>
  );
}
