import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { answered, connect } from "@onair/client";
import { afterEach, beforeEach, expect, onTestFailed, test } from "vitest";
import { type Browser, openBrowser, openSpeaker, type Page } from "./browser.ts";
import { Station } from "./station.ts";

/** What each of two people says, in Hz, and what the host's encoder sends. */
const TONES = { amy: 440, bob: 660, rtmp: 1000 };

let station: Station;
let folder: string | undefined;
const browsers: Browser[] = [];

beforeEach(async () => {
  station = await Station.open();
  folder = await mkdtemp(join(tmpdir(), "onair-stage-"));
});

afterEach(async () => {
  await Promise.all(browsers.splice(0).map((browser) => browser.close()));
  await station?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

async function account(username: string): Promise<{ id: string; token: string }> {
  const body = {
    email: `${username}@example.org`,
    username,
    password: "a long enough secret",
    displayName: username,
  };
  const { user, accessToken } = await answered(here().POST("/api/auth/register", { body }));
  return { id: user.id, token: accessToken };
}

const here = (token?: string) =>
  connect({
    baseUrl: station.page("/").replace(/\/$/, ""),
    ...(token === undefined ? {} : { accessToken: token }),
  });

/** Somebody at a microphone into which a tone is said, on the demo page of the stage. */
async function comeOnStage(broadcast: string, name: keyof typeof TONES, token: string): Promise<Page> {
  const wav = join(folder ?? tmpdir(), `${name}.wav`);
  const sine = `sine=frequency=${TONES[name]}:sample_rate=48000:duration=20`;
  await promisify(execFile)("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", sine, wav]);
  const browser = await openSpeaker(wav);
  browsers.push(browser);
  const page = await browser.newPage();
  await page.goto(station.page(`demo/stage.html?endpoint=/stage/${broadcast}`));
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Speak" }).click();
  await page.getByRole("status").filter({ hasText: "connected" }).waitFor({ timeout: 60_000 });
  return page;
}

/** Puts an ear to everything that a page plays from peer connections. */
function putEar(page: Page): Promise<void> {
  return page.evaluate(() => {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    for (const audio of document.querySelectorAll("audio")) {
      if (audio.srcObject instanceof MediaStream) {
        context.createMediaStreamSource(audio.srcObject).connect(analyser);
      }
    }
    Object.assign(window, { ear: { context, analyser } });
  });
}

/** How loud each of the tones is in a page, in dB below full scale. */
function levels(page: Page): Promise<Record<keyof typeof TONES, number>> {
  return page.evaluate((tones) => {
    const { ear } = window as unknown as { ear: { context: AudioContext; analyser: AnalyserNode } };
    const bins = new Float32Array(ear.analyser.frequencyBinCount);
    ear.analyser.getFloatFrequencyData(bins);
    const at = (hertz: number) => {
      const bin = Math.round((hertz * ear.analyser.fftSize) / ear.context.sampleRate);
      return Math.max(...bins.slice(bin - 2, bin + 3));
    };
    return { amy: at(tones.amy), bob: at(tones.bob), rtmp: at(tones.rtmp) };
  }, TONES);
}

/** Waits until a page hears these and nothing of the others: a tone that begins is a click, and everything, at first. */
async function hears(page: Page, ...those: (keyof typeof TONES)[]): Promise<void> {
  for (;;) {
    const heard = await levels(page);
    const expected = (name: keyof typeof TONES) => heard[name] > -60 === those.includes(name);
    const names = Object.keys(TONES) as (keyof typeof TONES)[];
    if (names.every(expected) && Object.values(heard).every(isSettled)) return;
    await page.waitForTimeout(100);
  }
}

/** Either there, or far from it. */
const isSettled = (decibels: number) => decibels > -60 || decibels < -75;

test("two people on the stage hear each other and not themselves, and the programme has both", async () => {
  onTestFailed(() => {
    process.stderr.write(station.log);
  });
  const amy = await account("amy");
  const bob = await account("bob");
  const { id } = await answered(here(amy.token).POST("/api/broadcasts", { body: { title: "A talk" } }));
  const params = { path: { id, userId: bob.id } };
  await answered(
    here(amy.token).PUT("/api/broadcasts/{id}/members/{userId}", { params, body: { role: "speaker" } }),
  );
  await answered(here(amy.token).POST("/api/broadcasts/{id}/start", { params: { path: { id } } }));

  const host = await comeOnStage(id, "amy", amy.token);
  const guest = await comeOnStage(id, "bob", bob.token);
  await host.getByText("1 others are heard").waitFor();
  await guest.getByText("1 others are heard").waitFor();
  await putEar(host);
  await putEar(guest);
  await hears(host, "bob");
  await hears(guest, "amy");

  const browser = await openBrowser();
  browsers.push(browser);
  const listener = await browser.newPage();
  await listener.goto(station.page(`demo/whep.html?endpoint=/whep/${id}`));
  await listener.getByRole("button", { name: "Listen" }).click();
  await listener.getByRole("status").filter({ hasText: "connected" }).waitFor({ timeout: 60_000 });
  await putEar(listener);
  await hears(listener, "amy", "bob");

  await guest.getByRole("button", { name: "Stop" }).click();
  const alone = host.getByText("0 others are heard");
  await alone.waitFor();
  expect(await alone.isVisible()).toBe(true);
});

test("people on the stage hear the host's encoder, and the host does not", async () => {
  onTestFailed(() => {
    process.stderr.write(station.log);
  });
  const amy = await account("amy");
  const bob = await account("bob");
  const { id } = await answered(here(amy.token).POST("/api/broadcasts", { body: { title: "A talk" } }));
  const params = { path: { id, userId: bob.id } };
  await answered(
    here(amy.token).PUT("/api/broadcasts/{id}/members/{userId}", { params, body: { role: "speaker" } }),
  );
  await answered(here(amy.token).POST("/api/broadcasts/{id}/start", { params: { path: { id } } }));
  const { ingest } = await answered(
    here(amy.token).GET("/api/broadcasts/{id}", { params: { path: { id } } }),
  );
  const url = `${station.publishUrl.replace(/studio\?.*$/, "")}${id}?token=${ingest?.streamKey}`;
  const encoder = spawn("ffmpeg", [
    ...["-loglevel", "error", "-re", "-f", "lavfi", "-i", `sine=frequency=${TONES.rtmp}:sample_rate=44100`],
    ...["-c:a", "aac", "-f", "flv", url],
  ]);
  try {
    const host = await comeOnStage(id, "amy", amy.token);
    const guest = await comeOnStage(id, "bob", bob.token);
    await guest.getByText("2 others are heard").waitFor();
    await host.getByText("1 others are heard").waitFor();
    await putEar(guest);
    await putEar(host);
    await hears(guest, "amy", "rtmp");
    await hears(host, "bob");
    expect((await levels(guest)).rtmp).toBeGreaterThan(-60);
    expect((await levels(host)).rtmp).toBeLessThan(-75);
  } finally {
    encoder.kill();
  }
});
