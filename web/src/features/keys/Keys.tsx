import { useState } from "react";

import { createKey, type KeyRole, loadKeys, revokeKey, type Whose } from "../../api/keys.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyField } from "../../ui/CopyField.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Select, TextField } from "../../ui/Field.tsx";
import { List } from "../../ui/List.tsx";
import { MakeDialog } from "../../ui/MakeDialog.tsx";
import { Row } from "../../ui/Screen.tsx";

/** How often they are asked for, in milliseconds. */
const EVERY_MS = 15_000;

/** Keys by which other programs ask the station. */
export function Keys(props: { readonly whose: Whose }) {
  const { whose } = props;
  const list = useList((signal, cursor) => loadKeys(whose, signal, cursor), EVERY_MS);
  const [open, setOpen] = useState<"add" | { readonly revoke: string } | null>(null);
  const words = strings.admin;
  const revoke = useAction(async (key: string) => {
    await revokeKey(whose, key);
    setOpen(null);
    list.again();
  });
  return (
    <>
      <div>
        <Button tone="quiet" size="small" onPress={() => setOpen("add")}>
          {words.addKey}
        </Button>
      </div>
      <List
        {...list}
        words={strings.common}
        beside={whose === "own"}
        empty={words.noKeys}
        line={({ key, name, role, lastUsedAt, revokedAt }) => (
          <Row
            key={key}
            title={<bdi>{name}</bdi>}
            about={[
              key,
              whose === "own" ? "" : role === "admin" ? words.roles.admin : words.roles.host,
              revokedAt ? words.revoked : lastUsedAt ? words.lastUsed(lastUsedAt) : words.neverUsed,
            ]
              .filter((word) => word !== "")
              .join(" · ")}
            actions={
              revokedAt ? null : (
                <Button
                  tone="plain"
                  size="small"
                  label={`${words.revoke}: ${name}`}
                  onPress={() => setOpen({ revoke: key })}
                >
                  {words.revoke}
                </Button>
              )
            }
          />
        )}
      />
      {open === "add" ? (
        <Adding
          whose={whose}
          onClose={() => {
            setOpen(null);
            list.again();
          }}
        />
      ) : open === null ? null : (
        <Confirm
          title={words.revokeTitle}
          hint={words.revokeHint}
          yes={words.revoke}
          no={strings.common.cancel}
          busy={revoke.busy}
          failure={revoke.failure?.text ?? null}
          onYes={() => revoke.run(open.revoke)}
          onNo={() => setOpen(null)}
        />
      )}
    </>
  );
}

function Adding(props: { whose: Whose; onClose: () => void }) {
  const { whose, onClose } = props;
  const [name, setName] = useState("");
  const [role, setRole] = useState<KeyRole>("host");
  const [made, setMade] = useState<{ readonly key: string; readonly secret: string } | null>(null);
  const words = strings.admin;
  const save = useAction(async () => setMade(await createKey(whose, name.trim(), role)));
  return (
    <MakeDialog
      title={words.addKey}
      yes={words.addKey}
      words={strings.common}
      busy={save.busy}
      failure={save.failure?.text ?? null}
      onSubmit={save.run}
      onClose={onClose}
      made={made}
      shown={({ key, secret }) => (
        <>
          <CopyField label={words.key} value={key} words={strings.common} />
          <CopyField
            label={words.keySecret}
            hint={words.keySecretHint}
            value={secret}
            words={strings.common}
            secret
          />
        </>
      )}
    >
      <TextField
        label={words.name}
        required
        maxLength={80}
        dir="auto"
        error={save.failure?.fields.name}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {whose === "own" ? null : (
        <Select
          label={words.role}
          value={role}
          options={[
            ["host", words.roles.host],
            ["admin", words.roles.admin],
          ]}
          onChange={setRole}
        />
      )}
    </MakeDialog>
  );
}
