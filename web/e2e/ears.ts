import type { BrowserContext, Page } from "playwright-core";

/** What listens inside a page. */
interface Ears {
  readonly analysers: Set<AnalyserNode>;
  readonly elements: Set<HTMLMediaElement>;
}

/** Puts ears to everything that the pages of a context will let out: audio graphs, and elements that play. */
export async function putEars(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const ears: Ears = { analysers: new Set(), elements: new Set() };
    Object.assign(window, { ears });
    const connect = AudioNode.prototype.connect as (this: AudioNode, ...to: unknown[]) => AudioNode;
    AudioNode.prototype.connect = function (this: AudioNode, ...to: unknown[]) {
      if (to[0] instanceof AudioDestinationNode) {
        const analyser = new AnalyserNode(this.context, { fftSize: 8192, smoothingTimeConstant: 0 });
        connect.call(this, analyser);
        ears.analysers.add(analyser);
      }
      return connect.call(this, ...to);
    } as typeof AudioNode.prototype.connect;
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
      ears.elements.add(this);
      return play.call(this);
    };
  });
}

/** How loud a tone is in what a page lets out at this moment, in dB below full scale. */
function levelOf(page: Page, hertz: number): Promise<number> {
  return page.evaluate((hertz) => {
    const { ears } = window as unknown as { ears: Ears };
    const heard = ears as Ears & { context?: AudioContext; listened?: Set<unknown> };
    for (const element of ears.elements) {
      const stream =
        element.srcObject instanceof MediaStream
          ? element.srcObject
          : (element as HTMLMediaElement & { captureStream(): MediaStream }).captureStream();
      const [track] = stream.getAudioTracks();
      heard.listened ??= new Set();
      if (element.muted || track === undefined || heard.listened.has(track)) continue;
      heard.listened.add(track);
      heard.context ??= new AudioContext();
      const analyser = new AnalyserNode(heard.context, { fftSize: 8192, smoothingTimeConstant: 0 });
      heard.context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      ears.analysers.add(analyser);
    }
    const levels = [...ears.analysers].map((analyser) => {
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      const bin = Math.round((hertz * analyser.fftSize) / analyser.context.sampleRate);
      return Math.max(...bins.slice(bin - 2, bin + 3));
    });
    return Math.max(Number.NEGATIVE_INFINITY, ...levels);
  }, hertz);
}

/** Waits until a tone is heard; the deadline is the test's. */
export async function hear(page: Page, hertz: number): Promise<void> {
  while ((await levelOf(page, hertz)) < -60) await page.waitForTimeout(100);
}

/** Waits until it is heard no more. */
export async function hearNoMore(page: Page, hertz: number): Promise<void> {
  while ((await levelOf(page, hertz)) > -75) await page.waitForTimeout(100);
}
