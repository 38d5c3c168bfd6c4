import type { BrowserContext, Page } from "playwright-core";

import { readTone, UNREST_MAX } from "../../bench/latency/clock-tone.ts";
import { percentile } from "../../bench/latency/figures.ts";

/** The clock tone of bench/latency, as ffmpeg makes it: its frequency tells the time of what is heard. */
export const CLOCK_TONE = "aevalsrc=0.5*sin(2*PI*(600*mod(t\\,16)+50*pow(mod(t\\,16)\\,2))):s=48000:c=mono";

const PERIOD_SECONDS = 16;
const LOWEST_HERTZ = 600;
const HERTZ_PER_SECOND = 100;

/** Samples of one reading (43 ms), and from one to the next. */
const READING = 2048;
const HOP = 480;

/** Runs beside the sound and hands over every sample of it, mono, in pieces. */
const WORKLET = `
  registerProcessor("recorder", class extends AudioWorkletProcessor {
    constructor() { super(); this.samples = new Float32Array(4096); this.filled = 0; }
    process([input]) {
      const [left, right = left] = input;
      for (let index = 0; index < 128; index++) {
        this.samples[this.filled++] = left === undefined ? 0 : (left[index] + right[index]) / 2;
      }
      if (this.filled === this.samples.length) {
        this.port.postMessage({ end: currentFrame + 128, samples: this.samples.slice() });
        this.filled = 0;
      }
      return true;
    }
  });
`;

interface PageRecorder {
  /** Samples per second. */
  rate: number;
  /** The frame of the first sample that is kept; null before there is one. */
  first: number | null;
  pieces: Float32Array[];
  /** Words that came onto the page, and the frame at which they did. */
  marks: { words: string; frame: number }[];
}

/** Everything that pages of `context` let out of their audio graphs is recorded; `marks` are words to look out for. */
export async function record(context: BrowserContext, ...marks: string[]): Promise<void> {
  await context.addInitScript(
    ({ worklet, marks }) => {
      const recorder: PageRecorder = { rate: 0, first: null, pieces: [], marks: [] };
      const shown = new Set<string>();
      Object.assign(window, { recorder });
      const connect = AudioNode.prototype.connect as (this: AudioNode, ...to: unknown[]) => unknown;
      const tap = async (from: AudioNode) => {
        const { context } = from;
        const source = URL.createObjectURL(new Blob([worklet], { type: "text/javascript" }));
        await context.audioWorklet.addModule(source);
        const node = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
        node.port.onmessage = ({ data }: MessageEvent<{ end: number; samples: Float32Array }>) => {
          recorder.rate = context.sampleRate;
          recorder.first ??= data.end - data.samples.length;
          recorder.pieces.push(data.samples);
        };
        connect.call(from, node);
        const look = () => {
          for (const words of marks) {
            const is = document.body.textContent.includes(words);
            const was = shown.has(words);
            if (is && !was) {
              shown.add(words);
              recorder.marks.push({ words, frame: Math.round(context.currentTime * context.sampleRate) });
            } else if (!is) shown.delete(words);
          }
        };
        new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
      };
      AudioNode.prototype.connect = function (this: AudioNode, ...to: unknown[]) {
        if (to[0] instanceof AudioDestinationNode) void tap(this);
        return connect.call(this, ...to);
      } as typeof AudioNode.prototype.connect;
    },
    { worklet: WORKLET, marks },
  );
}

/** Waits until `seconds` have been recorded since `words` last came onto the page. */
export async function recorded(page: Page, words: string, seconds: number): Promise<void> {
  await page.waitForFunction(
    ({ words, seconds }) => {
      const { recorder } = window as unknown as { recorder: PageRecorder };
      const { first, rate, pieces, marks } = recorder;
      const mark = marks.findLast((mark) => mark.words === words);
      const frames = pieces.reduce((frames, piece) => frames + piece.length, 0);
      return mark !== undefined && first !== null && first + frames >= mark.frame + seconds * rate;
    },
    { words, seconds },
    { timeout: 120_000, polling: 100 },
  );
}

/** What was let out, sample by sample. */
export class Recording {
  readonly #samples: Float32Array;
  readonly #first: number;
  readonly #marks: PageRecorder["marks"];
  readonly #rate: number;
  #near: number | null = null;

  private constructor(samples: Float32Array, first: number, marks: PageRecorder["marks"], rate: number) {
    this.#samples = samples;
    this.#first = first;
    this.#marks = marks;
    this.#rate = rate;
  }

  /** Takes what was recorded so far out of the page. */
  static async take(page: Page): Promise<Recording> {
    const { first, rate, marks, base64 } = await page.evaluate(async () => {
      const { recorder } = window as unknown as { recorder: PageRecorder };
      const url = await new Promise<string>((read) => {
        const reader = new FileReader();
        reader.onload = () => read(String(reader.result));
        reader.readAsDataURL(new Blob(recorder.pieces as BlobPart[]));
      });
      return { ...recorder, pieces: null, base64: url.slice(url.indexOf(",") + 1) };
    });
    const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
    return new Recording(new Float32Array(bytes.buffer), first ?? 0, marks, rate);
  }

  /** The second of the recording in which `words` last came onto the page. */
  at(words: string): number {
    const mark = this.#marks.findLast((mark) => mark.words === words);
    if (mark === undefined) throw new Error(`the page never said "${words}"`);
    return (mark.frame - this.#first) / this.#rate;
  }

  /** The longest silence from `from` to `to`, in seconds. */
  silence(from: number, to: number): number {
    let longest = 0;
    let since = 0;
    for (const [index, sample] of this.#slice(from, to).entries()) {
      if (Math.abs(sample) > 0.02) since = index + 1;
      longest = Math.max(longest, index + 1 - since);
    }
    return longest / this.#rate;
  }

  /**
   * How far the programme is behind the recording from `from` to `to`, in seconds: the middle of what is read there.
   * Constant while the programme is played as it was made; only differences mean anything. NaN where nothing is read.
   */
  lag(from: number, to: number): number {
    const samples = this.#slice(from, to);
    const lags: number[] = [];
    for (let start = 0; start + READING <= samples.length; start += HOP) {
      const reading = readTone(samples.subarray(start, start + READING), this.#rate);
      if (reading === null || reading.unrest > UNREST_MAX) continue;
      const at = from + (start + READING / 2) / this.#rate;
      const lag = at - (reading.hertz - LOWEST_HERTZ) / HERTZ_PER_SECOND;
      this.#near ??= lag;
      // A lag is known but for whole periods: of all that it may be, the one nearest to the first.
      lags.push(lag - Math.round((lag - this.#near) / PERIOD_SECONDS) * PERIOD_SECONDS);
    }
    return percentile(lags, 50);
  }

  #slice(from: number, to: number): Float32Array {
    return this.#samples.subarray(
      Math.max(0, Math.round(from * this.#rate)),
      Math.max(0, Math.round(to * this.#rate)),
    );
  }
}
