import { afterAll, afterEach, beforeAll, expect, onTestFailed, test } from "vitest";

import { type Browser, openBrowser, type Page } from "./browser.ts";
import { axeFindings } from "./ear.ts";
import { CLOCK_TONE, Recording, record, recorded } from "./recorder.ts";
import { Publisher, Station } from "./station.ts";

const BY_WEBRTC = "You hear WebRTC.";
const BY_HLS = "You hear HLS.";

let browser: Browser;
let station: Station;
let publisher: Publisher;
let page: Page;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
});

/** Opens the page of a broadcast that is on air, of a station with these flags. */
async function tuneIn(...flags: string[]): Promise<void> {
  station = await Station.open(...flags);
  publisher = new Publisher(station.publishUrl, CLOCK_TONE);
  onTestFailed(() => {
    process.stderr.write(`${station.log}\n${publisher.log}`);
  });
  const context = await browser.newContext({ bypassCSP: true });
  await record(context, BY_WEBRTC, BY_HLS);
  page = await context.newPage();
  await page.goto(station.page("/listen/studio"));
  // Before the broadcast the page would not offer to choose.
  await page.getByText("Press Listen and you are there.").waitFor({ timeout: 60_000 });
}

afterEach(async () => {
  await page?.context().close();
  await publisher?.drop();
  await station?.close();
});

const choose = (way: string) => page.getByLabel("Sound by").selectOption(way);

const pressListen = () => page.getByRole("button", { name: "Listen" }).click();

async function says(words: string): Promise<void> {
  const said = page.getByText(words);
  await said.waitFor({ timeout: 120_000 });
  expect(await said.isVisible()).toBe(true);
}

/** Asserts that the programme went on when the page said `words`: no gap, no repeat and no silence over 30 ms. */
async function wentOn(words: string): Promise<void> {
  await recorded(page, words, 1);
  const recording = await Recording.take(page);
  const at = recording.at(words);
  // The page says it up to a tenth of a second later; after a second WebRTC begins to hurry.
  const stretches = [
    [-0.8, -0.5],
    [-0.5, -0.15],
    [0.1, 0.4],
    [0.4, 0.75],
  ] as const;
  const lags = stretches.map(([from, to]) => recording.lag(at + from, at + to));
  expect(Math.max(...lags) - Math.min(...lags)).toBeLessThanOrEqual(0.03);
  expect(recording.silence(at - 3, at + 1)).toBeLessThanOrEqual(0.03);
}

/** The network lets no WebRTC through: the browser is not told where the station is. */
async function keepOut(): Promise<void> {
  await page.addInitScript(() => {
    type Accept = (this: RTCPeerConnection, answer: RTCSessionDescriptionInit) => Promise<void>;
    const prototype = RTCPeerConnection.prototype as unknown as { setRemoteDescription: Accept };
    const accept = prototype.setRemoteDescription;
    prototype.setRemoteDescription = function ({ type, sdp = "" }) {
      return accept.call(this, { type, sdp: sdp.replace(/a=candidate:.*\r\n/g, "") });
    };
  });
}

test("from HLS to WebRTC the programme goes on", async () => {
  await tuneIn();
  await choose("hls");
  await pressListen();
  await says(BY_HLS);
  await choose("webrtc");
  await says(BY_WEBRTC);
  await wentOn(BY_WEBRTC);
});

test("from WebRTC to HLS the programme goes on", async () => {
  await tuneIn();
  await pressListen();
  await says(BY_WEBRTC);
  await choose("hls");
  await says(BY_HLS);
  await wentOn(BY_HLS);
});

test("a network that lets no WebRTC through is heard by HLS", async () => {
  await tuneIn();
  await keepOut();
  await page.reload();
  await pressListen();
  await says(BY_HLS);
  expect(await axeFindings(page)).toEqual([]);
});

test("a station whose places are taken is heard by HLS, and by WebRTC when one frees", async () => {
  await tuneIn("--webrtc-listeners-max", "1");
  const [first, second] = [page, await page.context().newPage()];
  await pressListen();
  await says(BY_WEBRTC);
  page = second;
  await page.goto(station.page("/listen/studio"));
  await pressListen();
  await says(BY_HLS);
  // Nobody presses anything: the room tells of the place.
  await first.getByRole("button", { name: "Stop" }).click();
  await says(BY_WEBRTC);
});

test("whoever stops and listens again hears again", async () => {
  await tuneIn();
  await pressListen();
  await says(BY_WEBRTC);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText(BY_WEBRTC).waitFor({ state: "detached" });
  await pressListen();
  await says(BY_WEBRTC);
  await recorded(page, BY_WEBRTC, 2);
  const recording = await Recording.take(page);
  const at = recording.at(BY_WEBRTC);
  expect(recording.silence(at + 1, at + 2)).toBeLessThanOrEqual(0.03);
});

test("where playback is signed WebRTC is let in by what the page was given", async () => {
  await tuneIn("--signed-playback", "always");
  await pressListen();
  await says(BY_WEBRTC);
});

test("the end of the broadcast is told to those who hear it by WebRTC too", async () => {
  await tuneIn("--publisher-grace-seconds", "2");
  await pressListen();
  await says(BY_WEBRTC);
  await publisher.drop();
  await says("The broadcast has ended");
});
