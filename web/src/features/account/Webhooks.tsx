import { useState } from "react";

import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  loadDeliveries,
  loadWebhooks,
  replayDelivery,
  type Webhook,
  type WebhookEvent,
} from "../../api/webhooks.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyField } from "../../ui/CopyField.tsx";
import { Confirm, Dialog } from "../../ui/Dialog.tsx";
import { Switch, TextField } from "../../ui/Field.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import { List } from "../../ui/List.tsx";
import { MakeDialog } from "../../ui/MakeDialog.tsx";
import { Card, Row } from "../../ui/Screen.tsx";

/** How often the lists are asked for, in milliseconds. */
const EVERY_MS = 15_000;

const EVENTS = [
  "room_started",
  "room_finished",
  "recording_ready",
  "stream_degraded",
  "participant_joined",
  "participant_left",
] as const satisfies readonly WebhookEvent[];

/** What the station tells one's own servers. */
export function Webhooks() {
  const list = useList(loadWebhooks, EVERY_MS);
  const [adding, setAdding] = useState(false);
  const words = strings.account;
  return (
    <Card
      title={words.webhooks}
      actions={
        <Button tone="quiet" size="small" onPress={() => setAdding(true)}>
          {words.addWebhook}
        </Button>
      }
    >
      <p>{words.webhooksHint}</p>
      <List
        {...list}
        words={strings.common}
        beside
        empty={words.noWebhooks}
        line={(webhook) => <Line key={webhook.id} webhook={webhook} again={list.again} />}
      />
      {adding ? (
        <Adding
          onClose={() => {
            setAdding(false);
            list.again();
          }}
        />
      ) : null}
    </Card>
  );
}

function Line(props: { webhook: Webhook; again: () => void }) {
  const { webhook, again } = props;
  const { id, url, events, enabled } = webhook;
  const [open, setOpen] = useState<"deliveries" | "delete" | null>(null);
  const words = strings.account;
  const change = useAction(async (wanted: boolean) => {
    await changeWebhook(id, { enabled: wanted });
    again();
  });
  const remove = useAction(async () => {
    await deleteWebhook(id);
    again();
  });
  return (
    <>
      <Row
        title={<bdi dir="ltr">{url}</bdi>}
        about={change.failure?.text ?? strings.common.list(events.map((event) => words.eventNames[event]))}
        actions={
          <>
            <Switch label={words.enabled} checked={enabled} onChange={(wanted) => change.run(wanted)} />
            <Button
              tone="plain"
              size="small"
              label={`${words.deliveries}: ${url}`}
              onPress={() => setOpen("deliveries")}
            >
              {words.deliveries}
            </Button>
            <Button
              tone="plain"
              size="small"
              label={`${strings.common.delete}: ${url}`}
              onPress={() => setOpen("delete")}
            >
              {strings.common.delete}
            </Button>
          </>
        }
      />
      {open === "deliveries" ? <Deliveries id={id} onClose={() => setOpen(null)} /> : null}
      {open === "delete" ? (
        <Confirm
          title={words.removeWebhook}
          hint={words.removeWebhookHint}
          yes={strings.common.delete}
          no={strings.common.cancel}
          busy={remove.busy}
          failure={remove.failure?.text ?? null}
          onYes={remove.run}
          onNo={() => setOpen(null)}
        />
      ) : null}
    </>
  );
}

function Deliveries(props: { id: string; onClose: () => void }) {
  const { id, onClose } = props;
  const list = useList((signal) => loadDeliveries(id, signal), EVERY_MS);
  const words = strings.account;
  const replay = useAction(async (delivery: string) => {
    await replayDelivery(id, delivery);
    list.again();
  });
  return (
    <Dialog title={words.deliveries} onClose={onClose}>
      <List
        {...list}
        words={strings.common}
        beside
        empty={words.noDeliveries}
        line={({ id, event, status, createdAt, lastStatus, lastError }) => (
          <Row
            key={id}
            title={event}
            about={[strings.common.shortDate(createdAt), lastStatus ?? "", lastError ?? ""]
              .filter((word) => word !== "")
              .join(" · ")}
            actions={
              <>
                <Lamp lit={status === "failed"} label={words.delivery[status]} />
                <Button
                  tone="plain"
                  size="small"
                  label={`${words.again}: ${event}, ${strings.common.shortDate(createdAt)}`}
                  onPress={() => replay.run(id)}
                >
                  {words.again}
                </Button>
              </>
            }
          />
        )}
      />
      <p role="alert">{replay.failure?.text ?? ""}</p>
      <Button tone="quiet" size="small" onPress={onClose}>
        {strings.common.close}
      </Button>
    </Dialog>
  );
}

function Adding(props: { onClose: () => void }) {
  const { onClose } = props;
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<readonly WebhookEvent[]>(EVENTS.slice(0, 4));
  const [secret, setSecret] = useState<string | null>(null);
  const words = strings.account;
  const save = useAction(async () => {
    const made = await createWebhook({ url: url.trim(), events: [...events] });
    setSecret(made.secret);
  });
  return (
    <MakeDialog
      title={words.addWebhook}
      yes={strings.common.save}
      words={strings.common}
      busy={save.busy}
      failure={save.failure?.text ?? null}
      onSubmit={save.run}
      onClose={onClose}
      made={secret}
      shown={(secret) => (
        <CopyField
          label={words.secret}
          hint={words.secretHint}
          value={secret}
          words={strings.common}
          secret
        />
      )}
    >
      <TextField
        label={words.url}
        type="url"
        dir="ltr"
        required
        placeholder="https://"
        error={save.failure?.fields.url}
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      {EVENTS.map((event) => (
        <Switch
          key={event}
          label={words.eventNames[event]}
          checked={events.includes(event)}
          onChange={(wanted) =>
            setEvents((before) => [...before.filter((other) => other !== event), ...(wanted ? [event] : [])])
          }
        />
      ))}
    </MakeDialog>
  );
}
