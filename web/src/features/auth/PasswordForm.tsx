import { useState } from "react";

import { session } from "../../api/station.ts";
import { useAction } from "../../hooks/use-action.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Form, TextField } from "../../ui/Field.tsx";
import { toasts } from "../../ui/toasts.ts";

/** A new password in the place of the old one. */
export function PasswordForm() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const action = useAction(async () => {
    await session.changePassword({ currentPassword: current, newPassword: next });
    setCurrent("");
    setNext("");
    toasts.say(strings.auth.changed);
  });
  const words = strings.auth;
  return (
    <Form
      onSubmit={action.run}
      failure={action.failure?.text ?? null}
      actions={
        <Button tone="loud" type="submit" busy={action.busy}>
          {strings.account.changePassword}
        </Button>
      }
    >
      <TextField
        label={words.currentPassword}
        type="password"
        dir="ltr"
        autoComplete="current-password"
        required
        error={action.failure?.fields.currentPassword}
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
      />
      <TextField
        label={words.newPassword}
        hint={words.passwordHint}
        type="password"
        dir="ltr"
        autoComplete="new-password"
        required
        minLength={10}
        maxLength={128}
        error={action.failure?.fields.newPassword}
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
      />
    </Form>
  );
}
