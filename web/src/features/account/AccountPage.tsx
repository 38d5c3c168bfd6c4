import { type ReactNode, useState } from "react";

import { editMe } from "../../api/account.ts";
import type { Account } from "../../api/session.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useAccount } from "../../hooks/use-session.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Form, TextField } from "../../ui/Field.tsx";
import { Card, Screen } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";
import { SignIns } from "./SignIns.tsx";
import { Webhooks } from "./Webhooks.tsx";

/** How others see one, the password, where one is signed in, and what programs may do in one's name. */
export function AccountPage(props: { readonly password: ReactNode; readonly keys: ReactNode }) {
  const account = useAccount();
  const words = strings.account;
  if (account === null) return null;
  return (
    <Screen title={words.title} width="narrow">
      <title>{`${words.title} · ${strings.name}`}</title>
      <p>{words.signedInAs(account.email)}</p>
      <Card title={words.profile}>
        <Profile account={account} />
      </Card>
      <Card title={words.passwordTitle}>{props.password}</Card>
      <SignIns />
      {account.role === "listener" ? null : (
        <>
          <Card title={strings.admin.keys}>
            <p>{words.keysHint}</p>
            {props.keys}
          </Card>
          <Webhooks />
        </>
      )}
    </Screen>
  );
}

function Profile(props: { account: Account }) {
  const [displayName, setDisplayName] = useState(props.account.displayName);
  const words = strings.auth;
  const save = useAction(async () => {
    await editMe({ displayName: displayName.trim() });
    toasts.say(strings.common.saved);
  });
  return (
    <Form
      onSubmit={save.run}
      failure={save.failure?.text ?? null}
      actions={
        <Button tone="quiet" size="small" type="submit" busy={save.busy}>
          {strings.common.save}
        </Button>
      }
    >
      <TextField
        label={words.displayName}
        hint={words.displayNameHint}
        required
        maxLength={80}
        dir="auto"
        autoComplete="name"
        error={save.failure?.fields.displayName}
        value={displayName}
        onChange={(event) => setDisplayName(event.currentTarget.value)}
      />
    </Form>
  );
}
