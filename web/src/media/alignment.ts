/** Samples a second that are compared: a voice is all there, and a lag is known to an eighth of a millisecond. */
const COARSE_RATE = 8000;

/** Quieter than this, as a mean amplitude of full scale 1, there is nothing to compare: -54 dB. */
const QUIET = 0.002;

/** Less alike than this two sounds are not the same. The same programme in two codecs is above 0.9. */
const ALIKE = 0.6;

/** A tone is like itself after each of its periods: of what is nearly as alike as the best, the nearest counts. */
const NEARLY = 0.98;

/**
 * By how much `late` is behind `reference`, in seconds, at most `most` either way: two recordings of one programme,
 * equally long, of the same stretch of time. Negative where it is ahead. Null where it cannot be told: one of them is
 * quiet, or they are not alike.
 */
export function lagOf(
  reference: Float32Array,
  late: Float32Array,
  rate: number,
  most: number,
): number | null {
  const share = Math.max(1, Math.floor(rate / COARSE_RATE));
  const one = coarse(reference, share);
  const other = coarse(late, share);
  const reach = Math.ceil((most * rate) / share);
  // What is looked for is the middle of the reference, so that it can lie `most` to either side.
  const length = Math.min(one.length, other.length) - 2 * reach;
  if (length <= 0) return null;
  const wanted = one.subarray(reach, reach + length);
  const power = energy(wanted, 0, length);
  if (Math.sqrt(power / length) < QUIET) return null;

  const likeness = new Float64Array(2 * reach + 1);
  let there = energy(other, 0, length);
  let best = 0;
  for (let start = 0; start <= 2 * reach; start++) {
    let product = 0;
    for (let index = 0; index < length; index++) {
      product += (wanted[index] ?? 0) * (other[start + index] ?? 0);
    }
    likeness[start] = there > 0 ? product / Math.sqrt(power * there) : 0;
    best = Math.max(best, likeness[start] ?? 0);
    there += (other[start + length] ?? 0) ** 2 - (other[start] ?? 0) ** 2;
  }
  if (best < ALIKE) return null;
  const lag = nearestPeak(likeness, best * NEARLY, reach);
  return lag === null ? null : (lag * share) / rate;
}

/** The peak of at least `floor` that is nearest to `centre`, counted from it; what rises to the very end is none. */
function nearestPeak(likeness: Float64Array, floor: number, centre: number): number | null {
  const at = (index: number) => likeness[index] ?? Number.POSITIVE_INFINITY;
  let nearest: number | null = null;
  for (let index = 0; index < likeness.length; index++) {
    const isPeak = at(index) >= floor && at(index) >= at(index - 1) && at(index) >= at(index + 1);
    if (isPeak && (nearest === null || Math.abs(index - centre) < Math.abs(nearest)))
      nearest = index - centre;
  }
  return nearest;
}

/** Means of `share` samples each. */
function coarse(samples: Float32Array, share: number): Float32Array {
  const means = new Float32Array(Math.floor(samples.length / share));
  for (let index = 0; index < means.length; index++) {
    let sum = 0;
    for (let step = 0; step < share; step++) sum += samples[index * share + step] ?? 0;
    means[index] = sum / share;
  }
  return means;
}

function energy(samples: Float32Array, start: number, length: number): number {
  let sum = 0;
  for (let index = start; index < start + length; index++) sum += (samples[index] ?? 0) ** 2;
  return sum;
}
