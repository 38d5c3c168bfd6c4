import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

/** What a listener's ear notices at one moment. */
export interface Heard {
  /** The strongest frequency in Hz, and how strong it is in dB below full scale; null in silence. */
  readonly tone: { readonly hertz: number; readonly decibels: number } | null;
}

/** Puts an ear to the page's audio element: an analyser, and a note of each time the sound ran out. */
export async function putEar(page: Page): Promise<void> {
  await page.evaluate(() => {
    const audio = document.querySelector("audio");
    if (audio === null) throw new Error("the page has no audio element");
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    context.createMediaElementSource(audio).connect(analyser).connect(context.destination);
    const stalls: number[] = [];
    // What comes before the first sound is the start, not a stall.
    let begun = false;
    let since: number | null = null;
    audio.addEventListener("waiting", () => {
      if (begun && !audio.seeking) since ??= performance.now();
    });
    audio.addEventListener("playing", () => {
      begun = true;
      if (since !== null) stalls.push(performance.now() - since);
      since = null;
    });
    Object.assign(window, { ear: { context, analyser, stalls } });
  });
}

/** What the ear hears at this moment. */
export function listen(page: Page): Promise<Heard> {
  return page.evaluate(() => {
    const { ear } = window as unknown as {
      ear: { context: AudioContext; analyser: AnalyserNode };
    };
    const bins = new Float32Array(ear.analyser.frequencyBinCount);
    ear.analyser.getFloatFrequencyData(bins);
    const strongest = bins.reduce((best, level, bin) => (level > (bins[best] ?? -Infinity) ? bin : best), 0);
    const decibels = bins[strongest] ?? Number.NEGATIVE_INFINITY;
    const hertz = (strongest * ear.context.sampleRate) / ear.analyser.fftSize;
    return { tone: decibels > -60 ? { hertz, decibels } : null };
  });
}

/** Waits until the ear hears the tone, and tells its frequency; the deadline is the test's. */
export async function hearTone(page: Page): Promise<number> {
  for (;;) {
    const { tone } = await listen(page);
    if (tone !== null && Math.abs(tone.hertz - 440) < 10) return tone.hertz;
    await page.waitForTimeout(100);
  }
}

/** Waits until the ear hears nothing. */
export async function hearSilence(page: Page): Promise<void> {
  for (;;) {
    if ((await listen(page)).tone === null) return;
    await page.waitForTimeout(100);
  }
}

/**
 * Waits for data since the last call, in milliseconds each, that were longer than a busy machine explains:
 * a programme that stopped or a player that began again. The stall benchmark counts from 50 ms on.
 */
export async function takeStalls(page: Page): Promise<number[]> {
  const stalls = await page.evaluate(() => {
    const { ear } = window as unknown as { ear: { stalls: number[] } };
    return ear.stalls.splice(0);
  });
  return stalls.filter((milliseconds) => milliseconds > 1_000);
}

/** What axe finds wrong with the page as it stands, one line a finding. */
export async function axeFindings(page: Page): Promise<string[]> {
  const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  await page.evaluate(await readFile(axe, "utf8"));
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run(document);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}
