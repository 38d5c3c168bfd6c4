import { useState } from "react";

import { type AccountRole, invite, loadInvitations, revokeInvitation } from "../../api/admin.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyField } from "../../ui/CopyField.tsx";
import { Select } from "../../ui/Field.tsx";
import { List } from "../../ui/List.tsx";
import { MakeDialog } from "../../ui/MakeDialog.tsx";
import { Row } from "../../ui/Screen.tsx";

/** How often they are asked for, in milliseconds. */
const EVERY_MS = 15_000;

/** Who may make an account where that is by invitation. */
export function Invitations() {
  const list = useList(loadInvitations, EVERY_MS);
  const [adding, setAdding] = useState(false);
  const words = strings.admin;
  const revoke = useAction(async (id: string) => {
    await revokeInvitation(id);
    list.again();
  });
  const roles: Readonly<Record<string, string>> = words.roles;
  return (
    <>
      <div>
        <Button tone="quiet" size="small" onPress={() => setAdding(true)}>
          {words.invite}
        </Button>
      </div>
      <p role="alert">{revoke.failure?.text ?? ""}</p>
      <List
        {...list}
        words={strings.common}
        empty={words.noInvitations}
        line={({ id, role, email, createdAt, expiresAt, usedAt, revokedAt }) => (
          <Row
            key={id}
            title={email ?? roles[role] ?? role}
            about={[
              strings.common.shortDate(createdAt),
              usedAt ? words.used : revokedAt ? words.revoked : words.expires(expiresAt),
            ].join(" · ")}
            actions={
              usedAt || revokedAt ? null : (
                <Button tone="plain" size="small" onPress={() => revoke.run(id)}>
                  {words.revoke}
                </Button>
              )
            }
          />
        )}
      />
      {adding ? (
        <Adding
          onClose={() => {
            setAdding(false);
            list.again();
          }}
        />
      ) : null}
    </>
  );
}

function Adding(props: { onClose: () => void }) {
  const { onClose } = props;
  const [role, setRole] = useState<AccountRole>("host");
  const [code, setCode] = useState<string | null>(null);
  const words = strings.admin;
  const save = useAction(async () => setCode((await invite(role)).code));
  return (
    <MakeDialog
      title={words.invite}
      yes={words.invite}
      words={strings.common}
      busy={save.busy}
      failure={save.failure?.text ?? null}
      onSubmit={save.run}
      onClose={onClose}
      made={code}
      shown={(code) => (
        <>
          <CopyField label={words.code} hint={words.codeHint} value={code} words={strings.common} />
          <CopyField
            label={strings.share.link}
            value={new URL(`/register?invitation=${encodeURIComponent(code)}`, location.origin).href}
            words={strings.common}
          />
        </>
      )}
    >
      <Select
        label={words.role}
        value={role}
        options={Object.entries(words.roles) as [AccountRole, string][]}
        onChange={setRole}
      />
    </MakeDialog>
  );
}
