import { type Browser, openSpeaker, type Page } from "../../web/e2e/browser.ts";
import type { Station } from "../../web/e2e/station.ts";
import { hertzAt, RATE } from "./clock-tone.ts";

/** Makes the tone on the browser's audio thread, each sample at the moment at which it is made. */
const WORKLET = `
  const hertzAt = ${hertzAt.toString()};
  const LOWEST = 600, SLOPE = 100, PERIOD_SECONDS = 16;
  registerProcessor("clock-tone", class extends AudioWorkletProcessor {
    constructor() { super(); this.phase = 0; this.begun = Infinity; this.blocks = 0; }
    process(inputs, [[channel]]) {
      // The earliest block of the first second tells best when a frame is made; the others were late.
      if (this.blocks++ < 400) this.begun = Math.min(this.begun, Date.now() / 1000 - currentTime);
      for (let index = 0; index < channel.length; index++) {
        const seconds = this.begun + (currentFrame + index) / sampleRate;
        this.phase = (this.phase + (2 * Math.PI * hertzAt(seconds)) / sampleRate) % (2 * Math.PI);
        channel[index] = Math.sin(this.phase) / 2;
      }
      return true;
    }
  });
`;

/** What a speaker does on which page. */
export interface Place {
  readonly page: string;
  /** The label of the field that the secret goes into, and the secret. */
  readonly field: string;
  readonly secret: string;
  /** The button that begins it. */
  readonly button: string;
}

/** Somebody at a microphone in Chromium, who sings the time. */
export class Speaker {
  readonly page: Page;
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
  }

  /** The host of `studio`, who publishes by WHIP. */
  static publish(station: Station): Promise<Speaker> {
    return Speaker.open(station, {
      page: "demo/whip.html",
      field: "Stream key",
      secret: station.key,
      button: "Publish",
    });
  }

  /** Goes to a page and begins there; `prepare` is done before. */
  static async open(
    station: Station,
    place: Place,
    prepare: (page: Page) => Promise<void> = async () => {},
  ): Promise<Speaker> {
    // The file is never read: the page's microphone is replaced by the tone.
    const browser = await openSpeaker("/dev/null");
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.addInitScript(replaceMicrophone, { worklet: WORKLET, rate: RATE });
    await page.goto(station.page(place.page));
    await prepare(page);
    await page.getByLabel(place.field).fill(place.secret);
    await page.getByRole("button", { name: place.button }).click();
    await page.getByRole("status").filter({ hasText: "connected" }).waitFor();
    return new Speaker(browser, page);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

/** Runs in the page. */
function replaceMicrophone({ worklet, rate }: { worklet: string; rate: number }): void {
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    const source = URL.createObjectURL(new Blob([worklet], { type: "text/javascript" }));
    await context.audioWorklet.addModule(source);
    const microphone = context.createMediaStreamDestination();
    const tone = new AudioWorkletNode(context, "clock-tone", { outputChannelCount: [1], numberOfInputs: 0 });
    tone.connect(microphone);
    await context.resume();
    return microphone.stream;
  };
}
