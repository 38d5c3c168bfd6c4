import { ProblemError } from "@onair/client";
import { type ChangeEvent, useState } from "react";
import { useNavigate } from "react-router";

import { coverOf } from "../../api/broadcasts.ts";
import { createBroadcast, type Scope, updateBroadcast, uploadCover } from "../../api/own.ts";
import { loadOwn, type OwnBroadcast } from "../../api/studio.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Button, LinkButton } from "../../ui/Button.tsx";
import { Form, Select, Switch, TextArea, TextField } from "../../ui/Field.tsx";
import { Card, Notice, Screen } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";
import { Cover } from "./Cover.tsx";
import {
  type Draft,
  draftOf,
  editOf,
  isOfSeries,
  LATENCIES,
  megabytesAnHour,
  NEW,
  PROFILES,
  scopedEdit,
  VISIBILITIES,
  wallOf,
} from "./draft.ts";
import { Overlaps } from "./Overlaps.tsx";
import { Schedule } from "./Schedule.tsx";
import { ScopeDialog } from "./ScopeDialog.tsx";

/** Often enough to come back by itself; what is being written does not change under the writer, in milliseconds. */
const EVERY_MS = 30_000;

/** A new broadcast. */
export function NewBroadcastPage() {
  return (
    <Screen title={strings.broadcasts.create} width="narrow">
      <title>{`${strings.broadcasts.create} · ${strings.name}`}</title>
      <Editor broadcast={null} />
    </Screen>
  );
}

/** A broadcast that there is. */
export function EditBroadcastPage(props: { readonly id: string }) {
  const { id } = props;
  const { watched } = useWatch((signal) => loadOrNone(id, signal), EVERY_MS);
  const words = strings.broadcasts;
  if (watched.status === "loading") return <Notice busy title={strings.common.loading} />;
  const broadcast = watched.value;
  if (broadcast === null) {
    const isAway = watched.status === "unreachable";
    return <Notice busy={isAway} title={isAway ? strings.common.unreachable : words.missing} />;
  }
  if (!broadcast.ingest) return <Notice title={strings.auth.notAllowed} />;
  return (
    <Screen
      title={words.edit}
      width="narrow"
      actions={
        broadcast.seriesId === null ? null : (
          <LinkButton tone="quiet" size="small" to={`/series/${encodeURIComponent(broadcast.seriesId)}`}>
            {strings.series.dates}
          </LinkButton>
        )
      }
    >
      <title>{`${words.edit} · ${strings.name}`}</title>
      <Editor broadcast={broadcast} />
    </Screen>
  );
}

async function loadOrNone(id: string, signal: AbortSignal): Promise<OwnBroadcast | null> {
  try {
    return await loadOwn(id, signal);
  } catch (error) {
    if (error instanceof ProblemError && error.status === 404) return null;
    throw error;
  }
}

function Editor(props: { broadcast: OwnBroadcast | null }) {
  const { broadcast } = props;
  const [before] = useState(() => (broadcast === null ? NEW : draftOf(broadcast)));
  const [draft, setDraft] = useState(before);
  const [picture, setPicture] = useState<File | "none" | null>(null);
  const [asking, setAsking] = useState(false);
  const [saved, setSaved] = useState<OwnBroadcast | null>(null);
  const go = useNavigate();
  const words = strings.broadcasts;
  const inSeries = broadcast !== null && broadcast.seriesId !== null;
  const asks = inSeries && broadcast.status === "scheduled";
  const leave = async (id: string) => {
    const isNow = broadcast === null && draft.start === "";
    await go(isNow ? `/studio/${encodeURIComponent(id)}` : "/broadcasts");
  };
  const save = useAction(async (scope: Scope) => {
    const edit = { ...editOf(draft, before), ...(picture === "none" ? { coverUrl: null } : {}) };
    const made =
      broadcast === null
        ? await createBroadcast(edit)
        : await updateBroadcast(broadcast.id, inSeries ? scopedEdit(edit, scope) : edit, scope);
    if (broadcast === null) toasts.say(words.made);
    try {
      if (picture instanceof File) await uploadCover(made.id, picture);
    } catch (error) {
      if (broadcast !== null) throw error;
      // It is made: whoever pressed the button again would make another one.
      toasts.say(words.coverFailed);
      await go(`/broadcasts/${encodeURIComponent(made.id)}`, { replace: true });
      return;
    }
    if (broadcast !== null) toasts.say(strings.common.saved);
    const isPlanned = typeof edit.scheduledStartTime === "string";
    if (isPlanned && made.overlaps !== undefined && made.overlaps.length > 0) setSaved(made);
    else await leave(made.id);
  });
  const errors = byField(save.failure?.fields ?? {});
  const change = (what: Partial<Draft>) => setDraft((draft) => ({ ...draft, ...what }));
  const text = (name: "title" | "description" | "tags") => ({
    value: draft[name],
    onChange: ({ currentTarget }: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      change({ [name]: currentTarget.value }),
  });
  const form = (
    <Form
      onSubmit={() => (asks ? setAsking(true) : save.run("this"))}
      failure={save.failure?.text ?? null}
      actions={
        <Button tone="loud" type="submit" busy={save.busy}>
          {broadcast === null ? words.make : strings.common.save}
        </Button>
      }
    >
      <Card title={words.details}>
        <TextField
          label={words.titleField}
          required
          maxLength={120}
          error={errors.title}
          dir="auto"
          {...text("title")}
        />
        <TextArea
          label={`${words.description} (${strings.common.optional})`}
          maxLength={5000}
          error={errors.description}
          dir="auto"
          {...text("description")}
        />
        <TextField
          label={`${words.tags} (${strings.common.optional})`}
          hint={words.tagsHint}
          error={errors.tags}
          dir="auto"
          {...text("tags")}
        />
        <Select
          label={words.visibility}
          hint={words.visibilityHints[draft.visibility]}
          value={draft.visibility}
          options={VISIBILITIES.map((name) => [name, words.visibilities[name]] as const)}
          onChange={(visibility) => change({ visibility })}
        />
        <Cover
          current={broadcast === null ? null : coverOf(broadcast)}
          picture={picture}
          onChange={setPicture}
        />
      </Card>
      <Schedule draft={draft} before={before} errors={errors} onChange={change} />
      <Card title={words.sound}>
        <Select
          label={words.latency}
          hint={words.latencyHints[draft.latencyMode]}
          value={draft.latencyMode}
          error={errors.latencyMode}
          options={LATENCIES.map((name) => [name, words.latencies[name]] as const)}
          onChange={(latencyMode) => change({ latencyMode })}
        />
        <Select
          label={words.profile}
          hint={words.profileCost(strings.common.number(megabytesAnHour(draft.audioProfile)))}
          value={draft.audioProfile}
          error={errors.audioProfile}
          options={PROFILES.map((name) => [name, words.profiles[name]] as const)}
          onChange={(audioProfile) => change({ audioProfile })}
        />
        <TextField
          label={words.maxSpeakers}
          type="number"
          min={1}
          max={16}
          required
          error={errors.maxSpeakers}
          value={draft.maxSpeakers}
          onChange={({ currentTarget: { valueAsNumber } }) =>
            change({ maxSpeakers: Number.isNaN(valueAsNumber) ? 1 : valueAsNumber })
          }
        />
        <Switch
          label={words.recording}
          hint={words.recordingHint}
          checked={draft.recordingEnabled}
          onChange={(recordingEnabled) => change({ recordingEnabled })}
        />
        <Switch
          label={words.levelling}
          hint={words.levellingHint}
          checked={draft.levelling}
          onChange={(levelling) => change({ levelling })}
        />
        <Switch
          label={words.noise}
          hint={words.noiseHint}
          checked={draft.noiseSuppression}
          onChange={(noiseSuppression) => change({ noiseSuppression })}
        />
      </Card>
    </Form>
  );
  // The questions are no part of the form: a form inside another is none.
  return (
    <>
      {form}
      {asking ? (
        <ScopeDialog
          title={words.edit}
          hint={isOfSeries(draft, before) ? strings.series.ofAll : undefined}
          yes={strings.common.save}
          alone={!isOfSeries(draft, before)}
          busy={false}
          failure={null}
          onYes={(scope) => {
            setAsking(false);
            save.run(scope);
          }}
          onNo={() => setAsking(false)}
        />
      ) : null}
      {saved === null ? null : (
        <Overlaps
          overlaps={saved.overlaps ?? []}
          zone={wallOf(draft).zone}
          onClose={() => void leave(saved.id)}
        />
      )}
    </>
  );
}

/** `tags[2]` is about the field `tags`. */
function byField(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).map(([field, detail]) => [field.replace(/\[\d+\]$/, ""), detail]),
  );
}
