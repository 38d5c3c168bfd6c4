import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Browser, openBrowser, openSpeaker, type Page } from "./browser.ts";
import { hearTone, putEar } from "./ear.ts";
import { Relay } from "./relay.ts";
import { Station } from "./station.ts";

let station: Station;
let relay: Relay;
let folder: string | undefined;
let speaker: Browser;
let listener: Browser;
let host: Page | undefined;

beforeAll(async () => {
  relay = await Relay.open();
  station = await Station.open("--turn-urls", relay.url, "--turn-secret", relay.secret);
  folder = await mkdtemp(join(tmpdir(), "onair-tone-"));
  const tone = join(folder, "tone.wav");
  const sine = "sine=frequency=440:sample_rate=48000:duration=20";
  await promisify(execFile)("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", sine, tone]);
  speaker = await openSpeaker(tone);
  listener = await openBrowser();
});

afterAll(async () => {
  await speaker?.close();
  await listener?.close();
  await station?.close();
  await relay?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** Fills a demo page's form and sends it. */
async function begin(page: Page, path: string, token: string): Promise<void> {
  await page.goto(station.page(`demo/${path}`));
  if (token !== "") await page.getByLabel(/key|Token/).fill(token);
  await page.getByRole("button", { name: /Publish|Listen/ }).click();
}

/** Puts somebody on air who says a tone, until the test is over. */
async function publish(): Promise<void> {
  host = await speaker.newPage();
  await begin(host, "whip.html", station.key);
  await says(host, "connected");
}

afterEach(async () => {
  const stop = host?.getByRole("button", { name: "Stop" });
  // One that never began has nothing to stop.
  if (await stop?.isEnabled()) {
    await stop?.click();
    await host?.getByText("idle").waitFor();
  }
  await host?.close();
  host = undefined;
});

/** Waits until the page says so. */
async function says(page: Page, state: string): Promise<void> {
  await page.getByRole("status").filter({ hasText: state }).waitFor({ timeout: 60_000 });
}

test("a microphone in Chromium is heard by WebRTC and by HLS at the same time", async () => {
  await publish();

  const near = await listener.newPage();
  await begin(near, "whep.html", "");
  await says(near, "connected");
  const far = await listener.newPage();
  await begin(far, "hls.html", "");
  await says(far, "playing");

  await putEar(near);
  await putEar(far);
  expect(Math.abs((await hearTone(near)) - 440)).toBeLessThan(10);
  expect(Math.abs((await hearTone(far)) - 440)).toBeLessThan(10);
});

test("a listener whose network lets nothing through but a relay hears", async () => {
  await publish();

  const page = await listener.newPage();
  await page.goto(station.page("demo/whep.html"));
  await page.getByLabel("By relay alone").check();
  await page.getByRole("button", { name: "Listen" }).click();
  await says(page, "connected");
  const type = await page.evaluate(async () => {
    const { session } = window as unknown as { session: { peer: RTCPeerConnection } };
    const reports = [...(await session.peer.getStats()).values()];
    return reports.find((report) => report.type === "local-candidate")?.candidateType;
  });
  expect(type).toBe("relay");
  await putEar(page);
  expect(Math.abs((await hearTone(page)) - 440)).toBeLessThan(10);
});

test("a listener whose network lets no datagrams through hears by TCP", async () => {
  await publish();

  const page = await listener.newPage();
  // As if every datagram to the station were lost: the browser is not told where they would go.
  await page.addInitScript(() => {
    type Accept = (this: RTCPeerConnection, answer: RTCSessionDescriptionInit) => Promise<void>;
    const prototype = RTCPeerConnection.prototype as unknown as { setRemoteDescription: Accept };
    const accept = prototype.setRemoteDescription;
    prototype.setRemoteDescription = function ({ type, sdp = "" }) {
      return accept.call(this, { type, sdp: sdp.replace(/a=candidate:\S+ 1 udp .*\r\n/g, "") });
    };
  });
  await begin(page, "whep.html", "");
  await says(page, "connected");
  const protocol = await page.evaluate(async () => {
    const { session } = window as unknown as { session: { peer: RTCPeerConnection } };
    const reports = [...(await session.peer.getStats()).values()];
    const pair = reports.find((report) => report.type === "candidate-pair" && report.nominated);
    return reports.find(({ id }) => id === pair?.remoteCandidateId)?.protocol;
  });
  expect(protocol).toBe("tcp");
  await putEar(page);
  expect(Math.abs((await hearTone(page)) - 440)).toBeLessThan(10);
});
