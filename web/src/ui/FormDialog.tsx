import type { ReactNode } from "react";

import { Button, type Tone } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { Form } from "./Field.tsx";

/** A question whose answer is a few fields: sent by the first button, given up by the second. */
export function FormDialog(props: {
  readonly title: string;
  /** What follows from it, above the fields. */
  readonly hint?: string | undefined;
  readonly yes: string;
  readonly no: string;
  readonly tone?: Tone;
  readonly busy?: boolean;
  readonly failure?: string | null;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {props.hint === undefined ? null : <p>{props.hint}</p>}
      <Form
        onSubmit={props.onSubmit}
        failure={props.failure ?? null}
        actions={
          <>
            <Button tone={props.tone ?? "loud"} size="small" type="submit" busy={props.busy ?? false}>
              {props.yes}
            </Button>
            <Button tone="quiet" size="small" onPress={props.onClose}>
              {props.no}
            </Button>
          </>
        }
      >
        {props.children}
      </Form>
    </Dialog>
  );
}
