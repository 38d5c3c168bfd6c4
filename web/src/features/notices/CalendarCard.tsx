import { useState } from "react";

import { createCalendar, deleteCalendar, loadCalendar } from "../../api/calendar.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useAccount } from "../../hooks/use-session.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyField } from "../../ui/CopyField.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Card, Notice } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";
import styles from "./notices.module.css";

/** How often it is asked for, in milliseconds. */
const EVERY_MS = 60_000;

/** Addresses by which calendar programs read what is planned. */
export function CalendarCard() {
  const account = useAccount();
  const { watched, again } = useWatch(async (signal) => ({ since: await loadCalendar(signal) }), EVERY_MS);
  const [url, setUrl] = useState<string | null>(null);
  const [asking, setAsking] = useState<"new" | "none" | null>(null);
  const words = strings.notices.calendar;
  const make = useAction(async () => {
    setUrl(await createCalendar());
    setAsking(null);
    again();
  });
  const remove = useAction(async () => {
    await deleteCalendar();
    setUrl(null);
    setAsking(null);
    toasts.say(words.removed);
    again();
  });
  const known = watched.status === "loading" ? null : watched.value;
  const hasOne = known !== null && known.since !== null;
  return (
    <Card title={words.title}>
      <p className={styles.soft}>{words.hint}</p>
      {known === null ? (
        <Notice
          busy
          title={watched.status === "loading" ? strings.common.loading : strings.common.unreachable}
        />
      ) : (
        <p>{known.since === null ? words.none : words.since(known.since)}</p>
      )}
      {url === null ? null : (
        <CopyField label={words.url} hint={words.urlHint} value={url} words={strings.common} secret />
      )}
      {known === null ? null : (
        <div className={styles.buttons}>
          <Button
            tone="quiet"
            size="small"
            busy={make.busy}
            onPress={() => (hasOne ? setAsking("new") : make.run())}
          >
            {hasOne ? words.makeNew : words.make}
          </Button>
          {hasOne ? (
            <Button tone="plain" size="small" onPress={() => setAsking("none")}>
              {words.remove}
            </Button>
          ) : null}
        </div>
      )}
      <p role="alert">{asking === null ? (make.failure?.text ?? "") : ""}</p>
      {account === null || account.role === "listener" ? null : (
        <CopyField
          label={words.own}
          hint={words.ownHint}
          value={
            new URL(`/api/users/${encodeURIComponent(account.username)}/calendar.ics`, location.origin).href
          }
          words={strings.common}
        />
      )}
      {asking === "new" ? (
        <Confirm
          title={words.makeNewTitle}
          hint={words.makeNewHint}
          yes={words.makeNew}
          no={strings.common.cancel}
          busy={make.busy}
          failure={make.failure?.text ?? null}
          onYes={make.run}
          onNo={() => setAsking(null)}
        />
      ) : null}
      {asking === "none" ? (
        <Confirm
          title={words.removeTitle}
          hint={words.makeNewHint}
          yes={words.remove}
          no={strings.common.cancel}
          busy={remove.busy}
          failure={remove.failure?.text ?? null}
          onYes={remove.run}
          onNo={() => setAsking(null)}
        />
      ) : null}
    </Card>
  );
}
