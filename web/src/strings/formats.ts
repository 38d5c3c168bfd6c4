/** The days of the week as rules name them (RFC 5545, 3.3.10). */
const WEEK = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/** A Monday, in UTC. */
const MONDAY_MS = Date.UTC(2024, 0, 1);

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How one language writes numbers, dates and lengths. */
export function formats(locale: string) {
  const oneDecimal = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const dollars = new Intl.NumberFormat(locale, { style: "currency", currency: "USD" });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
  const shortDate = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
  const bare = new Intl.NumberFormat(locale, { useGrouping: false });
  const two = new Intl.NumberFormat(locale, { useGrouping: false, minimumIntegerDigits: 2 });
  const plural = new Intl.PluralRules(locale);
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
  const list = new Intl.ListFormat(locale, { type: "conjunction" });
  return {
    oneDecimal: (value: number) => oneDecimal.format(value),
    whole: (value: number) => whole.format(value),
    /** 1,234 → 1.2K. */
    compact: (value: number) => compact.format(value),
    /** A share of one. */
    percent: (share: number) => percent.format(share),
    dollars: (value: number) => dollars.format(value),
    date: (instant: string) => date.format(new Date(instant)),
    shortDate: (instant: string) => shortDate.format(new Date(instant)),
    time: (instant: string) => time.format(new Date(instant)),
    /** With the day of the week, by the clocks of a zone. */
    dateIn: (instant: string, timeZone: string) =>
      new Intl.DateTimeFormat(locale, {
        weekday: "short",
        day: "numeric",
        month: "short",
        year: "numeric",
        hour: "numeric",
        minute: "2-digit",
        timeZone,
      }).format(new Date(instant)),
    /** A day without a clock, `2030-05-01`. */
    day: (date: string) => day.format(new Date(`${date}T00:00Z`)),
    /** A day of the week by its name in rules: "MO" → "Mon" or "Monday". */
    weekday: (day: string, width: "short" | "long") =>
      new Intl.DateTimeFormat(locale, { weekday: width, timeZone: "UTC" }).format(
        MONDAY_MS + WEEK.indexOf(day) * DAY * 1000,
      ),
    /** A length in the largest unit of which it is a whole number: 5400 → "90 minutes", 86400 → "1 day". */
    lasting: (seconds: number) => {
      const units = [
        ["day", DAY],
        ["hour", HOUR],
        ["minute", MINUTE],
      ] as const;
      const [unit, size] = units.find(([, size]) => seconds % size === 0) ?? ["second", 1];
      const format = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" });
      return format.format(seconds / size);
    },
    list: (items: readonly string[]) => list.format(items),
    plural: (count: number) => plural.select(count),
    /** Seconds as a clock shows them: 65 → "1:05", 3725 → "1:02:05". */
    clock: (seconds: number) => {
      const all = Math.max(0, Math.floor(seconds));
      const [hours, minutes] = [Math.floor(all / 3600), Math.floor(all / 60) % 60];
      return hours > 0
        ? `${bare.format(hours)}:${two.format(minutes)}:${two.format(all % 60)}`
        : `${bare.format(minutes)}:${two.format(all % 60)}`;
    },
  };
}
