import { useState } from "react";

import { type AccountRole, changePerson, loadPeople, type Person } from "../../api/admin.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { useAccount } from "../../hooks/use-session.ts";
import { strings } from "../../strings.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Button } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Select, TextField } from "../../ui/Field.tsx";
import { List } from "../../ui/List.tsx";
import { Row } from "../../ui/Screen.tsx";

/** How often they are asked for, in milliseconds. */
const EVERY_MS = 15_000;

/** Accounts, what they may do, and who is kept out. */
export function People() {
  const [asked, setAsked] = useState("");
  const [q, setQ] = useState("");
  return (
    <>
      <search>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            setAsked(q);
          }}
        >
          <TextField
            label={strings.common.search}
            type="search"
            dir="auto"
            value={q}
            onChange={(event) => setQ(event.currentTarget.value)}
          />
        </form>
      </search>
      <Found key={asked} q={asked} />
    </>
  );
}

function Found(props: { q: string }) {
  const { q } = props;
  const list = useList((signal, cursor) => loadPeople(q, signal, cursor), EVERY_MS);
  return (
    <List
      {...list}
      words={strings.common}
      empty={strings.admin.noUsers}
      line={(person) => <Line key={person.id} person={person} again={list.again} />}
    />
  );
}

function Line(props: { person: Person; again: () => void }) {
  const { person, again } = props;
  const { id, displayName, username, email, role, lastSignInAt, suspendedAt } = person;
  const [asking, setAsking] = useState(false);
  const me = useAccount()?.id;
  const words = strings.admin;
  const change = useAction(async (what: Parameters<typeof changePerson>[1]) => {
    await changePerson(id, what);
    setAsking(false);
    again();
  });
  const isSuspended = suspendedAt !== null;
  const about = [
    `@${username}`,
    email,
    lastSignInAt === null ? words.neverSeen : words.lastSeen(lastSignInAt),
    isSuspended ? words.suspended : "",
    asking ? "" : (change.failure?.text ?? ""),
  ];
  return (
    <>
      <Row
        before={<Avatar name={displayName} />}
        title={<bdi>{displayName}</bdi>}
        about={about.filter((word) => word !== "").join(" · ")}
        actions={
          id === me ? null : (
            <>
              <Select
                label={words.role}
                value={role}
                options={Object.entries(words.roles) as [AccountRole, string][]}
                onChange={(role) => change.run({ role })}
              />
              <Button
                tone={isSuspended ? "quiet" : "plain"}
                size="small"
                label={`${isSuspended ? words.restore : words.suspend}: ${displayName}`}
                onPress={() => (isSuspended ? change.run({ suspended: false }) : setAsking(true))}
              >
                {isSuspended ? words.restore : words.suspend}
              </Button>
            </>
          )
        }
      />
      {asking ? (
        <Confirm
          title={words.suspendTitle(displayName)}
          hint={words.suspendHint}
          yes={words.suspend}
          no={strings.common.cancel}
          busy={change.busy}
          failure={change.failure?.text ?? null}
          onYes={() => change.run({ suspended: true })}
          onNo={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
