import { useState } from "react";
import { Link } from "react-router";

import { deleteBroadcast, type Scope, updateBroadcast } from "../../api/own.ts";
import { loadSeries, type Occurrence, type Series } from "../../api/schedule.ts";
import { endBroadcast } from "../../api/studio.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useAccount } from "../../hooks/use-session.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { LinkButton } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { TextField } from "../../ui/Field.tsx";
import { FormDialog } from "../../ui/FormDialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import { List } from "../../ui/List.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/Menu.tsx";
import { Card, Notice, Row, Screen } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";
import { hereZone, instantOf, localOf } from "../../zones.ts";
import { placeOf, repeatOf } from "./recurrence.ts";
import { ScopeDialog } from "./ScopeDialog.tsx";

/** How often it is asked for, in milliseconds. */
const EVERY_MS = 15_000;

/** What repeats, and each of its dates. */
export function SeriesPage(props: { readonly id: string }) {
  const { id } = props;
  const { watched, again } = useWatch((signal) => loadSeries(id, signal), EVERY_MS);
  const account = useAccount();
  const words = strings.series;
  if (watched.status === "loading") return <Notice busy title={strings.common.loading} />;
  const series = watched.value;
  if (series === null) {
    const isAway = watched.status === "unreachable";
    return <Notice busy={isAway} title={isAway ? strings.common.unreachable : words.missing} />;
  }
  if (series.hostId !== account?.id && account?.role !== "admin") {
    return <Notice title={strings.auth.notAllowed} />;
  }
  const title = series.occurrences[0]?.title ?? words.title;
  return (
    <Screen title={title}>
      <title>{`${title} · ${strings.name}`}</title>
      <p>{inWords(series)}</p>
      <List
        items={series.occurrences}
        isAway={watched.status === "unreachable"}
        words={strings.common}
        empty={words.over}
        emptyHint={words.overHint}
        frame={(rows) => <Card>{rows}</Card>}
        line={(occurrence) => (
          <Line
            key={occurrence.id}
            occurrence={occurrence}
            series={title}
            zone={series.timezone}
            again={again}
          />
        )}
      />
    </Screen>
  );
}

/** How it repeats; a rule that the form has no fields for is told as it is. */
function inWords({ recurrence, firstStart, timezone }: Series): string {
  const start = firstStart.slice(0, 16);
  const { how, days, ends, until, count } = repeatOf(recurrence, { start, zone: timezone });
  const place = placeOf(start);
  const words = strings.schedule;
  const parts = [
    how === "rule" ? recurrence : words.how[how](place),
    how === "weekly"
      ? strings.common.list([place.day, ...days].map((day) => strings.common.weekday(day, "long")))
      : "",
    ends === "until" ? words.endsOn(strings.common.day(until)) : "",
    ends === "count" ? words.endsAfter(count) : "",
    timezone.replaceAll("_", " "),
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

function Line(props: { occurrence: Occurrence; series: string; zone: string; again: () => void }) {
  const { occurrence, series, zone, again } = props;
  const { id, title, status, scheduledStartTime, occurrenceStartTime } = occurrence;
  const [open, setOpen] = useState<"move" | "skip" | "delete" | null>(null);
  const words = strings.series;
  const done = (said: string) => {
    toasts.say(said);
    setOpen(null);
    again();
  };
  const skip = useAction(async () => {
    await endBroadcast(id);
    done(words.skipped);
  });
  const remove = useAction(async (scope: Scope) => {
    await deleteBroadcast(id, scope);
    done(words.removed);
  });
  const path = encodeURIComponent(id);
  const when = scheduledStartTime === null ? title : strings.common.dateIn(scheduledStartTime, zone);
  const isMoved = occurrenceStartTime !== null && occurrenceStartTime !== scheduledStartTime;
  const here = hereZone();
  const about = [
    scheduledStartTime === null || zone === here
      ? ""
      : strings.schedule.hereIs(strings.common.dateIn(scheduledStartTime, here)),
    isMoved ? words.movedFrom(strings.common.dateIn(occurrenceStartTime, zone)) : "",
  ];
  return (
    <>
      <Row
        title={
          <>
            <Link to={`/b/${path}`}>{when}</Link>{" "}
            {status === "scheduled" ? null : <Lamp lit={status === "live"} label={statusIn(status)} />}
          </>
        }
        about={
          <>
            {title === series ? null : (
              <>
                <bdi>{title}</bdi>
                <br />
              </>
            )}
            {about.filter((word) => word !== "").join(" · ")}
          </>
        }
        actions={
          <>
            <LinkButton
              tone="plain"
              size="small"
              to={`/broadcasts/${path}`}
              label={`${strings.common.edit}: ${when}`}
            >
              {strings.common.edit}
            </LinkButton>
            {status === "live" ? null : (
              <Menu label={strings.common.actions(when)} button={<Icon name="more" />}>
                {status === "scheduled" ? (
                  <>
                    <MenuItem onSelect={() => setOpen("move")}>{words.move}</MenuItem>
                    <MenuItem onSelect={() => setOpen("skip")}>{words.skip}</MenuItem>
                    <MenuLine />
                  </>
                ) : null}
                <MenuItem danger onSelect={() => setOpen("delete")}>
                  {strings.common.delete}
                </MenuItem>
              </Menu>
            )}
          </>
        }
      />
      {open === "move" && scheduledStartTime !== null ? (
        <Move
          id={id}
          start={scheduledStartTime}
          zone={zone}
          onClose={() => setOpen(null)}
          onDone={() => done(words.moved)}
        />
      ) : null}
      {open === "skip" ? (
        <Confirm
          title={words.skipTitle(when)}
          hint={words.skipHint}
          yes={words.skip}
          no={strings.common.cancel}
          busy={skip.busy}
          failure={skip.failure?.text ?? null}
          onYes={skip.run}
          onNo={() => setOpen(null)}
        />
      ) : null}
      {open === "delete" ? (
        <ScopeDialog
          title={strings.broadcasts.removeTitle(title)}
          hint={words.removeHint}
          yes={strings.common.delete}
          tone="danger"
          busy={remove.busy}
          failure={remove.failure?.text ?? null}
          onYes={remove.run}
          onNo={() => setOpen(null)}
        />
      ) : null}
    </>
  );
}

/** What the API calls it, in words. */
function statusIn(status: string): string {
  const names: Readonly<Record<string, string>> = strings.broadcasts.status;
  return names[status] ?? status;
}

/** Another hour for one date. */
function Move(props: { id: string; start: string; zone: string; onClose: () => void; onDone: () => void }) {
  const { id, zone, onClose, onDone } = props;
  const [start, setStart] = useState(() => localOf(props.start, zone));
  const words = strings.series;
  const move = useAction(async () => {
    await updateBroadcast(id, { scheduledStartTime: instantOf(start, zone) });
    onDone();
  });
  return (
    <FormDialog
      title={words.move}
      hint={words.moveHint}
      yes={words.move}
      no={strings.common.cancel}
      busy={move.busy}
      failure={move.failure?.text ?? null}
      onSubmit={move.run}
      onClose={onClose}
    >
      <TextField
        label={strings.broadcasts.start}
        hint={strings.schedule.byClocksOf(zone.replaceAll("_", " "))}
        type="datetime-local"
        required
        error={move.failure?.fields.scheduledStartTime}
        value={start}
        onChange={({ currentTarget }) => setStart(currentTarget.value)}
      />
    </FormDialog>
  );
}
