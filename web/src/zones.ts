/** A day, in milliseconds: no clock is further from another, and none is set twice within it. */
const DAY_MS = 86_400_000;

/** The time zone of this device. */
export function hereZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Every time zone that this browser knows: `first` at the head, UTC among them. */
export function zones(...first: readonly string[]): readonly string[] {
  return [...new Set([...first.filter((zone) => zone !== ""), ...Intl.supportedValuesOf("timeZone"), "UTC"])];
}

/**
 * The instant at which the clocks of `zone` show `local`, `2030-05-01T18:30`. Of an hour that they repeat it is the
 * first; one that they skip is taken by the offset before (RFC 5545, 3.3.5).
 */
export function instantOf(local: string, zone: string): string {
  const shown = Date.parse(`${local}Z`);
  const [before, after] = [offsetAt(shown - DAY_MS, zone), offsetAt(shown + DAY_MS, zone)];
  const offset = [before, after].find((offset) => offsetAt(shown - offset, zone) === offset) ?? before;
  return new Date(shown - offset).toISOString();
}

/** What the clocks of `zone` show at an instant, as a field for local times has it: without seconds. */
export function localOf(instant: string, zone: string): string {
  const time = Date.parse(instant);
  return new Date(time + offsetAt(time, zone)).toISOString().slice(0, 16);
}

/** How far the clocks of `zone` are ahead of UTC at `time`, both in milliseconds. */
function offsetAt(time: number, zone: string): number {
  const parts = clockOf(zone).formatToParts(time);
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    Number(parts.find((part) => part.type === type)?.value ?? 0);
  const shown = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return shown - Math.floor(time / 1000) * 1000;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** To make one takes longer than to ask it. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const numeric = "numeric" as const;
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "iso8601",
    hourCycle: "h23",
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  });
  clocks.set(timeZone, clock);
  return clock;
}
