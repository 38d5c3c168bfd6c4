import type { Page } from "../../web/e2e/browser.ts";
import { RATE, readTone, UNREST_MAX } from "./clock-tone.ts";

/** One reading of what leaves the browser. */
export interface Sighting {
  /** When the sound in the middle of the reading leaves the output, in seconds since 1970. */
  readonly earSeconds: number;
  readonly hertz: number;
  /** What was buffered ahead of the playhead when it was read, in seconds. */
  readonly ahead: number;
  /** The playhead at `earSeconds`, as the element tells it, in seconds. */
  readonly currentTime: number;
  readonly rate: number;
}

/** Samples of one reading: 43 ms. */
const READING = 2048;

/** How many readings a second there are when nothing is lost. */
export const READINGS_PER_SECOND = RATE / READING;

/** Runs beside the sound: reads the tone in pieces of `READING` samples and tells the frame in their middle. */
const WORKLET = `
  const readTone = ${readTone.toString()};
  registerProcessor("ear", class extends AudioWorkletProcessor {
    constructor() { super(); this.samples = new Float32Array(${READING}); this.filled = 0; }
    process([input]) {
      const channel = input[0];
      if (channel === undefined) { this.filled = 0; return true; }
      this.samples.set(channel, this.filled);
      this.filled += channel.length;
      if (this.filled === ${READING}) {
        const reading = readTone(this.samples, sampleRate);
        const frame = currentFrame + channel.length - ${READING} / 2;
        if (reading !== null && reading.unrest < ${UNREST_MAX}) this.port.postMessage({ frame, ...reading });
        this.filled = 0;
      }
      return true;
    }
  });
`;

/** What stands in the page as `window.ear`. */
interface PageEar {
  readonly context: AudioContext;
  readonly sightings: Sighting[];
  readonly stalls: number[];
  source(audio: HTMLAudioElement): void;
  node: AudioWorkletNode;
}

declare global {
  interface Window {
    ear: PageEar;
  }
}

/** Prepares a page to listen: everything that takes time and is no part of a join. */
export async function prepareEar(page: Page): Promise<void> {
  await page.evaluate(
    async ({ worklet, rate }) => {
      const context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
      await context.audioWorklet.addModule(
        URL.createObjectURL(new Blob([worklet], { type: "text/javascript" })),
      );
      const node = new AudioWorkletNode(context, "ear", { numberOfOutputs: 0 });
      const sightings: Sighting[] = [];
      const stalls: number[] = [];
      let audio: HTMLAudioElement | null = null;

      node.port.onmessage = ({ data }: MessageEvent<{ frame: number; hertz: number }>) => {
        // Which frame leaves the output at which moment: the browser's own account of its output.
        const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp();
        const earMs = performanceTime + (data.frame / context.sampleRate - contextTime) * 1000;
        const nowMs = performance.now();
        const ranges = audio?.buffered;
        const end = ranges !== undefined && ranges.length > 0 ? ranges.end(ranges.length - 1) : 0;
        const currentTime = audio?.currentTime ?? 0;
        const rate = audio?.playbackRate ?? 1;
        sightings.push({
          earSeconds: (Date.now() + earMs - nowMs) / 1000,
          hertz: data.hertz,
          ahead: end - currentTime,
          currentTime: currentTime + ((earMs - nowMs) / 1000) * rate,
          rate,
        });
      };

      const source = (element: HTMLAudioElement) => {
        audio = element;
        // An element that plays a peer connection hands nothing on; its stream does.
        const stream = element.srcObject;
        const tap =
          stream instanceof MediaStream
            ? context.createMediaStreamSource(stream)
            : context.createMediaElementSource(element);
        tap.connect(node);
        tap.connect(context.destination);
        // What comes before the first sound is the start, not a stall.
        let begun = false;
        let since: number | null = null;
        element.addEventListener("waiting", () => {
          if (begun && !element.seeking) since ??= performance.now();
        });
        element.addEventListener("playing", () => {
          begun = true;
          if (since !== null) stalls.push(performance.now() - since);
          since = null;
        });
      };
      window.ear = { context, sightings, stalls, source, node };
    },
    { worklet: WORKLET, rate: RATE },
  );
}

/** Puts the ear to the page's audio element. */
export async function putEar(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const audio = document.querySelector("audio");
    if (audio === null) throw new Error("the page has no audio element");
    window.ear.source(audio);
    await window.ear.context.resume();
  });
}

/** What was heard since the last call. */
export function takeSightings(page: Page): Promise<Sighting[]> {
  return page.evaluate(() => window.ear.sightings.splice(0));
}

/** Silences that were not meant, in milliseconds each, since the last call. */
export function takeStalls(page: Page): Promise<number[]> {
  return page.evaluate(() => window.ear.stalls.splice(0));
}
