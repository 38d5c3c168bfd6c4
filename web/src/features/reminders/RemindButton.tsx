import { useState } from "react";
import { Link, useLocation } from "react-router";

import { remindersOf, setReminders } from "../../api/reminders.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useSession } from "../../hooks/use-session.ts";
import { useStateOf } from "../../hooks/use-state-of.ts";
import { strings } from "../../strings.ts";
import { Button, LinkButton } from "../../ui/Button.tsx";
import { FormDialog } from "../../ui/FormDialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Toggles } from "../../ui/Toggles.tsx";
import { toasts } from "../../ui/toasts.ts";

/** What is offered, in seconds before the start. */
const OFFSETS: readonly number[] = [0, 600, 3600, 86_400];

/** What is chosen until somebody chooses. */
const USUAL = 600;

/** A broadcast of which one may be reminded. */
export interface Planned {
  readonly id: string;
  readonly title: string;
  /** An instant; of what has no date nobody can be reminded. */
  readonly scheduledStartTime: string | null;
}

/** Has the station remind one of what is planned; nothing where there is no date ahead. */
export function RemindButton(props: { readonly broadcast: Planned }) {
  const { broadcast } = props;
  const session = useSession();
  const { pathname, search } = useLocation();
  const words = strings.reminders;
  const { scheduledStartTime, title } = broadcast;
  if (scheduledStartTime === null || Date.parse(scheduledStartTime) <= Date.now()) return null;
  switch (session.phase) {
    case "unknown":
      return null;
    case "guest":
      return (
        <LinkButton
          tone="quiet"
          size="small"
          to={`/sign-in?to=${encodeURIComponent(pathname + search)}`}
          label={words.remindOf(title)}
        >
          <Icon name="bell" />
          {words.remind}
        </LinkButton>
      );
    case "signed in":
      return <Remind key={session.account.id} account={session.account.id} broadcast={broadcast} />;
  }
}

function Remind(props: { account: string; broadcast: Planned }) {
  const { account, broadcast } = props;
  const { id, title } = broadcast;
  const watched = useStateOf(remindersOf(account));
  const [open, setOpen] = useState(false);
  const words = strings.reminders;
  const known = watched.status === "loading" ? [] : (watched.value ?? []);
  const offsets = known
    .filter(({ broadcastId }) => broadcastId === id)
    .map(({ offsetSeconds }) => offsetSeconds);
  const isSet = offsets.length > 0;
  return (
    <>
      <Button
        tone="quiet"
        size="small"
        pressed={isSet}
        busy={watched.status === "loading"}
        label={isSet ? words.remindedOf(title) : words.remindOf(title)}
        onPress={() => setOpen(true)}
      >
        <Icon name="bell" />
        {isSet ? words.reminded : words.remind}
      </Button>
      {open ? <Times broadcast={broadcast} offsets={offsets} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function Times(props: { broadcast: Planned; offsets: readonly number[]; onClose: () => void }) {
  const { broadcast, offsets, onClose } = props;
  const words = strings.reminders;
  const left = (Date.parse(broadcast.scheduledStartTime ?? "") - Date.now()) / 1000;
  const all = [...new Set([...OFFSETS, ...offsets])].sort((one, other) => one - other);
  const over = all.filter((offset) => offset >= left);
  const [chosen, setChosen] = useState<readonly number[]>(() =>
    offsets.length > 0 ? offsets : [left > USUAL ? USUAL : 0],
  );
  const save = useAction(async (wanted: readonly number[]) => {
    await setReminders(broadcast.id, wanted);
    toasts.say(wanted.length > 0 ? words.set : words.unset);
    onClose();
  });
  return (
    <FormDialog
      title={words.remindOf(broadcast.title)}
      hint={words.hint}
      yes={strings.common.save}
      no={strings.common.cancel}
      busy={save.busy}
      failure={save.failure?.text ?? null}
      onSubmit={() => save.run(chosen.filter((offset) => !over.includes(offset)))}
      onClose={onClose}
    >
      <Toggles
        label={words.when}
        options={all.map((offset) => [offset, words.before(offset)] as const)}
        chosen={chosen}
        fixed={over}
        onChange={setChosen}
      />
      <p>
        <Link to="/notifications/settings">{words.ways}</Link>
      </p>
    </FormDialog>
  );
}
