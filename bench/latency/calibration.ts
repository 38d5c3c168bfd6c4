import type { Page } from "../../web/e2e/browser.ts";
import { ageOf, ClockTone, RATE } from "./clock-tone.ts";
import { prepareEar, type Sighting, takeSightings } from "./ear.ts";
import { percentile } from "./figures.ts";

/** What the measure itself does to a figure. */
export interface Calibration {
  /** The ear's age of a sound that is made in the page for the instant at which it is heard: should be 0. */
  readonly error: number;
  /** Half of the middle 90 % of those ages. */
  readonly spread: number;
  /** How much later the ear hears than an audio element's `currentTime` says. */
  readonly element: number;
}

/** Seconds of sound in each of the two parts. */
const SECONDS = 6;

/**
 * Lets the ear hear the same code made in the page: once straight into the audio graph, each sample made for the
 * instant at which it is to leave the output; once as a WAV file through an audio element.
 */
export async function calibrate(page: Page): Promise<Calibration> {
  await prepareEar(page);
  const direct = await hearGraph(page);
  const ages = direct.map(({ hertz, earSeconds }) => centred(ageOf(hertz, earSeconds)));
  const element = await hearElement(page);
  // The file begins at second 0 of a period: its code is the position in it.
  const late = element.map(({ hertz, currentTime }) => centred(ageOf(hertz, currentTime)));
  return {
    error: percentile(ages, 50),
    spread: (percentile(ages, 95) - percentile(ages, 5)) / 2,
    element: percentile(late, 50),
  };
}

/** An age near a whole period is a small one before its time. */
function centred(age: number): number {
  return age > 8 ? age - 16 : age;
}

async function hearGraph(page: Page): Promise<Sighting[]> {
  // Where the graph stands against the wall clock, and the start of a sound a second later.
  const startSeconds = await page.evaluate(async () => {
    const { context } = window.ear;
    await context.resume();
    await new Promise((later) => setTimeout(later, 1000));
    const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp();
    const startContext = context.currentTime + 1;
    const startMs = performanceTime + (startContext - contextTime) * 1000;
    Object.assign(window, { startContext });
    return (Date.now() + startMs - performance.now()) / 1000;
  });
  const samples = [...new ClockTone(startSeconds).next(SECONDS * RATE)];
  await page.evaluate(
    ({ samples, rate }) => {
      const { context, node } = window.ear;
      const buffer = new AudioBuffer({ length: samples.length, sampleRate: rate });
      buffer.copyToChannel(Float32Array.from(samples), 0);
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(node);
      source.connect(context.destination);
      const { startContext } = window as unknown as { startContext: number };
      // The samples took their time to come here: the sound begins where it is now.
      const late = Math.max(0, context.currentTime + 0.1 - startContext);
      source.start(startContext + late, late);
    },
    { samples, rate: RATE },
  );
  await page.waitForTimeout((SECONDS - 1) * 1000);
  const sightings = await takeSightings(page);
  await page.waitForTimeout(2000);
  await takeSightings(page);
  return sightings.slice(10);
}

async function hearElement(page: Page): Promise<Sighting[]> {
  const file = wav(new ClockTone(0).next(SECONDS * RATE)).toString("base64");
  await page.evaluate(async (data) => {
    const audio = new Audio(`data:audio/wav;base64,${data}`);
    window.ear.source(audio);
    await audio.play();
  }, file);
  await page.waitForTimeout((SECONDS - 1) * 1000);
  return (await takeSightings(page)).slice(20);
}

/** 16-bit mono PCM as a WAV file. */
function wav(samples: Float32Array): Buffer {
  const header = Buffer.alloc(44);
  const bytes = samples.length * 2;
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(36 + bytes, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(bytes, 40);
  const body = Buffer.alloc(bytes);
  samples.forEach((sample, index) => {
    body.writeInt16LE(Math.round(sample * 32_767), index * 2);
  });
  return Buffer.concat([header, body]);
}
