import { useState } from "react";

import { loadConfig } from "../../api/config.ts";
import {
  loadPreferences,
  type NotificationKind,
  type NotificationWay,
  type Preferences,
  savePreferences,
} from "../../api/notices.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Form, Switch, TextField } from "../../ui/Field.tsx";
import { Card, Notice } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";
import { ZoneSelect } from "../../ui/ZoneSelect.tsx";
import { hereZone } from "../../zones.ts";
import styles from "./notices.module.css";

/** Often enough to come back by itself; what is being chosen does not change under whoever chooses, in milliseconds. */
const EVERY_MS = 60_000;

const KINDS = [
  "reminder",
  "hostLive",
  "hostPlanned",
  "moved",
  "cancelled",
  "reply",
  "stageInvite",
  "recordingReady",
] as const satisfies readonly NotificationKind[];

const WAYS = ["email", "push"] as const satisfies readonly NotificationWay[];

/** What the fields begin with when they are first needed. */
const NIGHT = { from: "22:00", until: "07:00" };
const MORNING = "08:00";

/** By which ways one is told what, and when not. */
export function WantedCard() {
  const { watched } = useWatch(
    async (signal) => ({ wanted: await loadPreferences(signal), config: await loadConfig(signal) }),
    EVERY_MS,
  );
  const known = watched.status === "loading" ? null : watched.value;
  return (
    <Card title={strings.notices.wanted}>
      {known === null ? (
        <Notice
          busy
          title={watched.status === "loading" ? strings.common.loading : strings.common.unreachable}
        />
      ) : (
        <Wanted wanted={known.wanted} hasEmail={known.config.email} />
      )}
    </Card>
  );
}

function Wanted(props: { wanted: Preferences; hasEmail: boolean }) {
  const [wanted, setWanted] = useState<Preferences>(() => ({
    ...props.wanted,
    timezone: props.wanted.timezone ?? hereZone(),
  }));
  const words = strings.notices;
  const save = useAction(async () => {
    setWanted(await savePreferences(wanted));
    toasts.say(strings.common.saved);
  });
  const errors = save.failure?.fields ?? {};
  const change = (what: Partial<Preferences>) => setWanted((before) => ({ ...before, ...what }));
  const quiet = wanted.quietHours;
  return (
    <Form
      onSubmit={save.run}
      failure={save.failure?.text ?? null}
      actions={
        <Button tone="loud" size="small" type="submit" busy={save.busy}>
          {strings.common.save}
        </Button>
      }
    >
      <p className={styles.soft}>{words.wantedHint}</p>
      <Channels channels={wanted.channels} onChange={(channels) => change({ channels })} />
      {props.hasEmail ? null : <p className={styles.soft}>{words.noEmail}</p>}
      <ZoneSelect
        label={strings.common.zone}
        error={errors.timezone}
        value={wanted.timezone ?? hereZone()}
        onChange={(timezone) => change({ timezone })}
      />
      <Switch
        label={words.quiet}
        hint={words.quietHint}
        checked={quiet !== null}
        onChange={(on) => change({ quietHours: on ? NIGHT : null })}
      />
      {quiet === null ? null : (
        <div className={styles.pair}>
          <TextField
            label={words.from}
            type="time"
            required
            error={errors["quietHours.from"]}
            value={quiet.from}
            onChange={({ currentTarget }) => change({ quietHours: { ...quiet, from: currentTarget.value } })}
          />
          <TextField
            label={words.until}
            type="time"
            required
            error={errors["quietHours.until"]}
            value={quiet.until}
            onChange={({ currentTarget }) => change({ quietHours: { ...quiet, until: currentTarget.value } })}
          />
        </div>
      )}
      <Switch
        label={words.digest}
        hint={words.digestHint}
        checked={wanted.digestAt !== null}
        onChange={(on) => change({ digestAt: on ? MORNING : null })}
      />
      {wanted.digestAt === null ? null : (
        <TextField
          label={words.digestAt}
          type="time"
          required
          error={errors.digestAt}
          value={wanted.digestAt}
          onChange={({ currentTarget }) => change({ digestAt: currentTarget.value })}
        />
      )}
    </Form>
  );
}

function Channels(props: {
  channels: Preferences["channels"];
  onChange: (channels: Preferences["channels"]) => void;
}) {
  const { channels, onChange } = props;
  const words = strings.notices;
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">{words.what}</th>
          {WAYS.map((way) => (
            <th key={way} scope="col">
              {words.ways[way]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {KINDS.map((kind) => {
          const chosen = channels[kind] ?? [];
          return (
            <tr key={kind}>
              <th scope="row">{words.kinds[kind]}</th>
              {WAYS.map((way) => (
                <td key={way}>
                  <label>
                    <input
                      type="checkbox"
                      aria-label={`${words.kinds[kind]}: ${words.ways[way]}`}
                      checked={chosen.includes(way)}
                      onChange={({ currentTarget }) => {
                        const others = chosen.filter((other) => other !== way);
                        onChange({ ...channels, [kind]: currentTarget.checked ? [...others, way] : others });
                      }}
                    />
                  </label>
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
