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

/** Somebody at a microphone in Chromium, who publishes by WHIP and sings the time. */
export class Speaker {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async open(station: Station): Promise<Speaker> {
    // The file is never read: the page's microphone is replaced by the tone.
    const browser = await openSpeaker("/dev/null");
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.addInitScript(replaceMicrophone, { worklet: WORKLET, rate: RATE });
    await page.goto(station.page("demo/whip.html"));
    await publish(page, station);
    return new Speaker(browser);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

async function publish(page: Page, station: Station): Promise<void> {
  await page.getByLabel("Stream key").fill(station.key);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("status").filter({ hasText: "connected" }).waitFor();
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
