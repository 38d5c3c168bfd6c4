import { useState } from "react";

import type { Scope } from "../../api/own.ts";
import { strings } from "../../strings.ts";
import type { Tone } from "../../ui/Button.tsx";
import { FormDialog } from "../../ui/FormDialog.tsx";
import { Radios } from "../../ui/Radios.tsx";

const SCOPES = ["this", "following", "all"] as const satisfies readonly Scope[];

/** Asks which of a series are meant. */
export function ScopeDialog(props: {
  readonly title: string;
  readonly hint?: string | undefined;
  readonly yes: string;
  readonly tone?: Tone;
  /** Whether one may be meant alone. */
  readonly alone?: boolean;
  readonly busy: boolean;
  readonly failure: string | null;
  readonly onYes: (scope: Scope) => void;
  readonly onNo: () => void;
}) {
  const { alone = true } = props;
  const scopes = SCOPES.filter((scope) => alone || scope !== "this");
  const [scope, setScope] = useState<Scope>(alone ? "this" : "following");
  const words = strings.series;
  return (
    <FormDialog
      title={props.title}
      hint={props.hint}
      yes={props.yes}
      no={strings.common.cancel}
      tone={props.tone ?? "loud"}
      busy={props.busy}
      failure={props.failure}
      onSubmit={() => props.onYes(scope)}
      onClose={props.onNo}
    >
      <Radios
        label={words.which}
        value={scope}
        options={scopes.map((scope) => [scope, words.scopes[scope]] as const)}
        onChange={setScope}
      />
    </FormDialog>
  );
}
