import { strings } from "../../strings.ts";
import { Select, Switch, TextField } from "../../ui/Field.tsx";
import { Card } from "../../ui/Screen.tsx";
import { Toggles } from "../../ui/Toggles.tsx";
import { ZoneSelect } from "../../ui/ZoneSelect.tsx";
import { hereZone } from "../../zones.ts";
import styles from "./broadcasts.module.css";
import type { Draft } from "./draft.ts";
import { isPast, startOf, wallOf } from "./draft.ts";
import { DAYS, ENDS, howsFor, placeOf, type Repeat, ruleOf } from "./recurrence.ts";
import { type Starts, useStarts } from "./use-starts.ts";

/** When followers may be reminded, in seconds before the start. */
const OFFSETS: readonly number[] = [0, 600, 1800, 3600, 86_400, 604_800];

/** The most times that a rule counts to. */
const COUNT_MAX = 10_000;

/** The longest that a broadcast may be meant to last, in minutes. */
const MINUTES_MAX = 1440;

/** When a broadcast begins, how it repeats, and what happens at the hour. */
export function Schedule(props: {
  readonly draft: Draft;
  readonly before: Draft;
  /** What the station says is wrong, by field. */
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (what: Partial<Draft>) => void;
}) {
  const { draft, before, errors, onChange } = props;
  const words = strings.schedule;
  const start = startOf(draft);
  const rule = ruleOf(draft.repeat, wallOf(draft));
  const starts = useStarts(
    start === null || rule === null || rule === ""
      ? null
      : { startTime: start, timezone: wallOf(draft).zone, recurrence: rule },
  );
  const isNew = start !== startOf(before);
  return (
    <Card title={words.title}>
      <TextField
        label={`${strings.broadcasts.start} (${strings.common.optional})`}
        hint={words.startHint}
        type="datetime-local"
        error={
          errors.scheduledStartTime ??
          (isNew && isPast(draft, new Date()) ? strings.broadcasts.inPast : undefined)
        }
        value={draft.start}
        onChange={({ currentTarget }) => onChange({ start: currentTarget.value })}
      />
      {start === null ? null : (
        <>
          <ZoneSelect
            label={strings.common.zone}
            error={errors.timezone}
            value={wallOf(draft).zone}
            onChange={(zone) => onChange({ zone })}
          />
          <Repeats
            draft={draft}
            error={errors.recurrence ?? starts.bad ?? undefined}
            onChange={(repeat) => onChange({ repeat: { ...draft.repeat, ...repeat } })}
          />
          <Dates start={start} zone={wallOf(draft).zone} starts={rule === null ? null : starts} />
        </>
      )}
      <TextField
        label={`${words.minutes} (${strings.common.optional})`}
        type="number"
        min={1}
        max={MINUTES_MAX}
        step="any"
        inputMode="numeric"
        error={errors.durationSeconds}
        value={draft.minutes}
        onChange={({ currentTarget }) => onChange({ minutes: currentTarget.value })}
      />
      {start === null ? null : (
        <Toggles
          label={words.reminders}
          hint={words.remindersHint}
          error={errors.reminderOffsets}
          options={offsets(before.reminders).map((offset) => [offset, strings.reminders.before(offset)])}
          chosen={draft.reminders}
          onChange={(reminders) => onChange({ reminders })}
        />
      )}
      <Switch
        label={words.autoStart}
        hint={words.autoStartHint}
        checked={draft.autoStart}
        onChange={(autoStart) => onChange({ autoStart })}
      />
      {start === null ? null : (
        <Switch
          label={words.startOnTime}
          hint={words.startOnTimeHint}
          checked={draft.startOnTime}
          onChange={(startOnTime) => onChange({ startOnTime })}
        />
      )}
      <Switch
        label={words.endOnTime}
        hint={draft.minutes === "" ? words.endOnTimeNeeds : words.endOnTimeHint}
        checked={draft.endOnTime && draft.minutes !== ""}
        disabled={draft.minutes === ""}
        onChange={(endOnTime) => onChange({ endOnTime })}
      />
    </Card>
  );
}

/** Those that are offered, and others that the broadcast has. */
function offsets(others: readonly number[]): readonly number[] {
  return [...new Set([...OFFSETS, ...others])].sort((one, other) => one - other);
}

function Repeats(props: {
  draft: Draft;
  error: string | undefined;
  onChange: (what: Partial<Repeat>) => void;
}) {
  const { draft, error, onChange } = props;
  const { repeat, start } = draft;
  const words = strings.schedule;
  const place = placeOf(start);
  const isByHand = repeat.how === "rule";
  return (
    <>
      <Select
        label={words.repeats}
        error={isByHand ? undefined : error}
        value={repeat.how}
        options={howsFor(start, repeat.how).map((how) => [how, words.how[how](place)] as const)}
        onChange={(how) => onChange(how === "rule" ? { how, rule: ruleByHand(draft) } : { how })}
      />
      {repeat.how === "weekly" ? (
        <Toggles
          label={words.days}
          options={DAYS.map((day) => [day, strings.common.weekday(day, "short")] as const)}
          chosen={[place.day, ...repeat.days]}
          fixed={[place.day]}
          onChange={(days) => onChange({ days: days.filter((day) => day !== place.day) })}
        />
      ) : null}
      {isByHand ? (
        <TextField
          label={words.rule}
          hint={words.ruleHint}
          error={error}
          required
          maxLength={500}
          dir="ltr"
          spellCheck={false}
          autoCapitalize="characters"
          value={repeat.rule}
          onChange={({ currentTarget }) => onChange({ rule: currentTarget.value })}
        />
      ) : null}
      {isByHand || repeat.how === "never" ? null : (
        <Select
          label={words.ends}
          value={repeat.ends}
          options={ENDS.map((end) => [end, words.endings[end]] as const)}
          onChange={(ends) => onChange({ ends })}
        />
      )}
      {isByHand || repeat.how === "never" || repeat.ends !== "until" ? null : (
        <TextField
          label={words.until}
          type="date"
          required
          min={start.slice(0, 10)}
          value={repeat.until}
          onChange={({ currentTarget }) => onChange({ until: currentTarget.value })}
        />
      )}
      {isByHand || repeat.how === "never" || repeat.ends !== "count" ? null : (
        <TextField
          label={words.count}
          type="number"
          required
          min={1}
          max={COUNT_MAX}
          value={repeat.count}
          onChange={({ currentTarget: { valueAsNumber } }) =>
            onChange({ count: Number.isNaN(valueAsNumber) ? 1 : valueAsNumber })
          }
        />
      )}
    </>
  );
}

/** Whoever goes on by hand begins with what was chosen. */
function ruleByHand(draft: Draft): string {
  return ruleOf(draft.repeat, wallOf(draft)) ?? "FREQ=WEEKLY;INTERVAL=2";
}

/** The next dates, by the clocks of the broadcast and of whoever looks. */
function Dates(props: { start: string; zone: string; starts: Starts | null }) {
  const { start, zone, starts } = props;
  const words = strings.schedule;
  const here = hereZone();
  const items = starts === null ? [start] : starts.items;
  if (starts === null && zone === here) return null;
  const said =
    items === null
      ? starts?.bad
        ? ""
        : strings.common.loading
      : items[0] === undefined
        ? words.noDates
        : Date.parse(items[0]) === Date.parse(start)
          ? ""
          : words.notByRule;
  return (
    <section className={styles.dates} aria-label={words.dates} aria-busy={items === null && !starts?.bad}>
      <h3>{words.dates}</h3>
      <p role="status">{said}</p>
      <ol>
        {(items ?? []).map((instant) => (
          <li key={instant}>
            <time dateTime={instant}>{strings.common.dateIn(instant, zone)}</time>
            {zone === here ? null : (
              <p className={styles.hint}>{words.hereIs(strings.common.dateIn(instant, here))}</p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
