import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

/** What a listener's ear notices at one moment. */
export interface Heard {
  /** The strongest frequency in Hz, and how strong it is in dB below full scale; null in silence. */
  readonly tone: { readonly hertz: number; readonly decibels: number } | null;
}

/** Puts an ear to the page's audio element: an analyser, and a note of each time the player began anew. */
export async function putEar(page: Page): Promise<void> {
  await page.evaluate(() => {
    const audio = document.querySelector("audio");
    if (audio === null) throw new Error("the page has no audio element");
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    // An element that plays a peer connection hands nothing on; its stream does.
    const stream = audio.srcObject;
    const source =
      stream instanceof MediaStream
        ? context.createMediaStreamSource(stream)
        : context.createMediaElementSource(audio);
    source.connect(analyser).connect(context.destination);
    const ear = { context, analyser, restarts: 0 };
    // What comes before the first sound is the start.
    let begun = false;
    audio.addEventListener("playing", () => {
      begun = true;
    });
    audio.addEventListener("emptied", () => {
      if (begun) ear.restarts += 1;
    });
    Object.assign(window, { ear });
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
 * How often the player has let go of what it had and begun anew since its first sound. A machine that is busy
 * makes the sound wait a moment; it does not do that.
 */
export function restarts(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { ear: { restarts: number } }).ear.restarts);
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
