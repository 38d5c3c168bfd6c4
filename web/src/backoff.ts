/** The wait before attempt 1, and the longest wait, both in milliseconds. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly capMs: number;
}

/**
 * How long to wait before an attempt: doubling from `firstMs`, never over `capMs`, and spread over the upper
 * half, so that an audience that lost its server together does not come back in one instant.
 *
 * `attempt` counts from 1; `random` is in [0, 1).
 */
export function backoffMs(attempt: number, limits: BackoffLimits, random: number): number {
  const doublings = Math.min(Math.max(attempt, 1) - 1, 30);
  const ceiling = Math.min(limits.capMs, limits.firstMs * 2 ** doublings);
  return ceiling * (0.5 + random / 2);
}
