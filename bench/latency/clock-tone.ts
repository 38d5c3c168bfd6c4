/** The code repeats after this time, so a latency is known modulo it: far above any that is looked for. */
export const PERIOD_SECONDS = 16;

/** The tone at the beginning of a period, in Hz: speech has its strength there, and every codec keeps it. */
const LOWEST = 600;

/** Hz per second. A frequency read to 0.5 Hz is a time read to 5 ms. */
const SLOPE = 100;

/** Samples per second of everything here. */
export const RATE = 48_000;

/** The frequency that says `seconds` since 1970. */
export function hertzAt(seconds: number): number {
  return LOWEST + SLOPE * (seconds % PERIOD_SECONDS);
}

/** How long before `nowSeconds` (since 1970) a tone of `hertz` was made: 0 to one period. */
export function ageOf(hertz: number, nowSeconds: number): number {
  const age = (nowSeconds - (hertz - LOWEST) / SLOPE) % PERIOD_SECONDS;
  return age < 0 ? age + PERIOD_SECONDS : age;
}

/** Makes the tone, sample after sample, its phase without a step. */
export class ClockTone {
  readonly #startSeconds: number;
  #phase = 0;
  #made = 0;

  /** The first sample is of `startSeconds` since 1970. */
  constructor(startSeconds: number) {
    this.#startSeconds = startSeconds;
  }

  /** How many samples have been made. */
  get made(): number {
    return this.#made;
  }

  /** The next `count` samples, half of full scale. */
  next(count: number): Float32Array {
    const samples = new Float32Array(count);
    for (let index = 0; index < count; index++) {
      const seconds = this.#startSeconds + this.#made / RATE;
      this.#phase = (this.#phase + (2 * Math.PI * hertzAt(seconds)) / RATE) % (2 * Math.PI);
      samples[index] = Math.sin(this.#phase) / 2;
      this.#made += 1;
    }
    return samples;
  }
}

/** A tone as it was read. */
export interface Reading {
  readonly hertz: number;
  /** How far the zero crossings lie from their line, as a share of the distance between two. */
  readonly unrest: number;
}

/**
 * The frequency in the middle of `samples`: a line through the times of the zero crossings. Null where there is
 * silence, or no single tone. Self-contained: its source is also run in the browser.
 */
export function readTone(samples: Float32Array, rate: number): Reading | null {
  const times: number[] = [];
  let peak = 0;
  for (let index = 1; index < samples.length; index++) {
    const before = samples[index - 1] ?? 0;
    const after = samples[index] ?? 0;
    peak = Math.max(peak, Math.abs(after));
    if (before < 0 !== after < 0) times.push((index - 1 + before / (before - after)) / rate);
  }
  const count = times.length;
  if (peak < 0.05 || count < 16) return null;
  const middle = (count - 1) / 2;
  let sumTimes = 0;
  for (const time of times) sumTimes += time;
  const meanTime = sumTimes / count;
  let covariance = 0;
  let variance = 0;
  for (let index = 0; index < count; index++) {
    covariance += (index - middle) * ((times[index] ?? 0) - meanTime);
    variance += (index - middle) ** 2;
  }
  const spacing = covariance / variance;
  let squares = 0;
  for (let index = 0; index < count; index++) {
    squares += ((times[index] ?? 0) - meanTime - (index - middle) * spacing) ** 2;
  }
  return { hertz: 1 / (2 * spacing), unrest: Math.sqrt(squares / count) / spacing };
}

/** A reading with more unrest than this straddles a jump, a glitch or noise. A clean sweep has below 0.1. */
export const UNREST_MAX = 0.25;
