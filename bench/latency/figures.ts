/** The value that `share` percent of `values` do not exceed; NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const rank = Math.ceil((share / 100) * sorted.length) - 1;
  return sorted[Math.max(0, rank)] ?? Number.NaN;
}

/** Seconds as milliseconds in a column. */
export function ms(seconds: number): string {
  return Number.isNaN(seconds) ? "      -" : `${Math.round(seconds * 1000)} ms`.padStart(7);
}
