/** How loud something is along its length, as audiowaveform writes it (JSON, version 2). */
export interface Peaks {
  readonly channels: number;
  /** The lowest and the highest sample of each pixel, channel after channel. */
  readonly data: readonly number[];
}

/**
 * As many bars as a drawing has, each the loudest of its stretch, 0 to 1, the loudest of all being 1. None where there
 * is nothing to draw, as in silence.
 */
export function barsOf(peaks: Peaks, count: number): number[] {
  const width = peaks.channels * 2;
  const pixels = Math.floor(peaks.data.length / width);
  if (pixels === 0 || count < 1) return [];
  const bars = Array.from({ length: Math.min(count, pixels) }, () => 0);
  for (let at = 0; at < pixels * width; at++) {
    const bar = Math.floor((Math.floor(at / width) * bars.length) / pixels);
    bars[bar] = Math.max(bars[bar] ?? 0, Math.abs(peaks.data[at] ?? 0));
  }
  const loudest = Math.max(...bars);
  return loudest === 0 ? [] : bars.map((bar) => bar / loudest);
}
