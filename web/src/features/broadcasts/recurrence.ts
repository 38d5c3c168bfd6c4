import { instantOf, localOf } from "../../zones.ts";

export const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;

export type Day = (typeof DAYS)[number];

/** How something may repeat. The monthly ones go by the day of the start: its date, its place in the month, or the last. */
export const HOWS = [
  "never",
  "daily",
  "weekdays",
  "weekly",
  "monthlyDate",
  "monthlyDay",
  "monthlyLast",
  "rule",
] as const;

export type How = (typeof HOWS)[number];

export const ENDS = ["open", "until", "count"] as const;

/** How something repeats, as a form has it. */
export interface Repeat {
  readonly how: How;
  /** Where it is weekly: the days beside the one on which it begins, which is always one of them. */
  readonly days: readonly Day[];
  /** Where it is by hand: the rule itself. */
  readonly rule: string;
  readonly ends: (typeof ENDS)[number];
  /** The last day, `2030-05-01`. */
  readonly until: string;
  readonly count: number;
}

/** What does not repeat, with what the fields begin with. */
export const ONCE: Repeat = { how: "never", days: [], rule: "", ends: "open", until: "", count: 10 };

/** A day as the clocks on the wall of its zone have it. */
export interface Wall {
  /** `2030-05-01T18:30`, or empty. */
  readonly start: string;
  readonly zone: string;
}

/** Where a day stands in its week and its month. */
export function placeOf(start: string): {
  readonly day: Day;
  readonly date: number;
  /** The first of such days in the month is 1. */
  readonly nth: number;
  /** Whether no other such day follows in the month. */
  readonly isLast: boolean;
} {
  const at = new Date(`${start.slice(0, 10)}T00:00Z`);
  const date = at.getUTCDate();
  const days = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate();
  // JavaScript's weeks begin on Sunday.
  const day = DAYS[(at.getUTCDay() + 6) % 7] ?? "MO";
  return { day, date, nth: Math.ceil(date / 7), isLast: date + 7 > days };
}

/** Which ways to repeat there are for a start; the one that is chosen is always among them. */
export function howsFor(start: string, chosen: How): readonly How[] {
  const { nth, isLast } = placeOf(start);
  return HOWS.filter((how) => {
    if (how === chosen) return true;
    return how === "monthlyDay" ? nth < 5 : how === "monthlyLast" ? isLast : true;
  });
}

/** The rule (RFC 5545, 3.3.10) for a start; null where it does not repeat. */
export function ruleOf(repeat: Repeat, wall: Wall): string | null {
  if (wall.start === "" || repeat.how === "never") return null;
  if (repeat.how === "rule") return repeat.rule.trim().replace(/^RRULE:/i, "");
  const rule = baseOf(repeat, wall.start);
  if (repeat.ends === "count") return `${rule};COUNT=${repeat.count}`;
  return repeat.ends === "until" && repeat.until !== ""
    ? `${rule};UNTIL=${endOf(repeat.until, wall.zone)}`
    : rule;
}

/** What a form begins with for a rule; one that it has no fields for is by hand. */
export function repeatOf(rule: string | null, wall: Wall): Repeat {
  if (rule === null || wall.start === "") return ONCE;
  const parts = new Map(rule.split(";").map((part) => part.split("=", 2) as [string, string]));
  const own = placeOf(wall.start).day;
  const named = (parts.get("BYDAY") ?? "").split(",");
  const days = DAYS.filter((day) => day !== own && named.includes(day));
  const ending = endingOf(parts, wall.zone);
  for (const how of HOWS) {
    const repeat = { ...ONCE, how, days: how === "weekly" ? days : [], ...ending };
    if (ruleOf(repeat, wall) === rule) return repeat;
  }
  return { ...ONCE, how: "rule", rule };
}

function baseOf({ how, days }: Repeat, start: string): string {
  const { day, date, nth } = placeOf(start);
  switch (how) {
    case "daily":
      return "FREQ=DAILY";
    case "weekdays":
      return "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR";
    case "monthlyDate":
      return `FREQ=MONTHLY;BYMONTHDAY=${date}`;
    case "monthlyDay":
      return `FREQ=MONTHLY;BYDAY=${nth}${day}`;
    case "monthlyLast":
      return `FREQ=MONTHLY;BYDAY=-1${day}`;
    default:
      return `FREQ=WEEKLY;BYDAY=${DAYS.filter((other) => other === day || days.includes(other)).join()}`;
  }
}

function endingOf(parts: ReadonlyMap<string, string>, zone: string): Partial<Repeat> {
  const [count, until] = [parts.get("COUNT"), parts.get("UNTIL")];
  if (count !== undefined) return { ends: "count", count: Number(count) };
  const [, year, month, day, hour, minute, second] =
    until?.match(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/) ?? [];
  if (year === undefined) return {};
  const last = localOf(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`, zone).slice(0, 10);
  return { ends: "until", until: last };
}

/** The end of a day, as a rule has it: in UTC, since it begins at an hour of a zone. */
function endOf(day: string, zone: string): string {
  return instantOf(`${day}T23:59:59`, zone).replace(/[-:]|\.\d+/g, "");
}
