import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";

import { type Browser, openBrowser, type Page } from "./browser.ts";
import { axeFindings, hearSilence, hearTone, putEar, restarts } from "./ear.ts";
import { Publisher, Station } from "./station.ts";

let browser: Browser;
let station: Station;
let page: Page;
let publishers: Publisher[];

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  publishers = [];
  page = await browser.newPage();
});

afterEach(async () => {
  await Promise.all(publishers.map((publisher) => publisher.drop()));
  await page.close();
  await station?.close();
});

/** A server that has HLS alone, with these flags; what it said is shown when the test fails. */
async function open(...flags: string[]): Promise<void> {
  const opened = await Station.open("--rtc", "off", ...flags);
  station = opened;
  onTestFailed(() => {
    process.stderr.write([opened.log, ...publishers.map(({ log }) => log)].join("\n"));
  });
}

function publish(): Publisher {
  const publisher = new Publisher(station.publishUrl);
  publishers.push(publisher);
  return publisher;
}

async function pressListen(): Promise<void> {
  await page.goto(station.page("/listen/studio"));
  await page.getByRole("button", { name: "Listen" }).click();
  await putEar(page);
}

/** The seconds behind live that the page shows; null while it shows none. */
async function latency(): Promise<number | null> {
  const shown = page.getByText("behind live");
  if ((await shown.count()) === 0) return null;
  return Number.parseFloat((await shown.textContent()) ?? "");
}

/** From one part below the hold-back (1.92 s) to what one stall adds and a part more. */
const nearHoldBack = (seconds: number | null) => seconds !== null && seconds > 1.28 && seconds < 3;

/** Waits for the words of the live region. */
async function status(words: string): Promise<void> {
  const said = page.getByRole("status").getByText(words);
  await said.waitFor({ timeout: 60_000 });
  expect(await said.isVisible()).toBe(true);
}

const mediaIs = (codec: string) =>
  page.evaluate((type) => MediaSource.isTypeSupported(type), `audio/mp4; codecs="${codec}"`);

test("this browser plays what the server sends", async () => {
  await open();
  await page.goto(station.page("/"));
  expect(await mediaIs("mp4a.40.2")).toBe(true);
});

test.each(["low", "ultra", "standard"])("a tone published by RTMP is heard in %s", async (mode) => {
  await open("--studio-latency-mode", mode);
  publish();
  await pressListen();
  expect(Math.abs((await hearTone(page)) - 440)).toBeLessThan(10);
  await status("Listening");
});

test("the latency on the page is the hold-back and a little more", async () => {
  await open();
  publish();
  await pressListen();
  await hearTone(page);
  // How fast the tempo gets there is the latency benchmark's matter; here, that it does.
  await expect.poll(latency, { timeout: 60_000 }).toSatisfy(nearHoldBack);
});

test("caches on the way are told whose requests these are", async () => {
  await open();
  publish();
  const told = new Map<string, Set<string | null>>();
  page.on("request", (request) => {
    const { pathname, searchParams } = new URL(request.url());
    const kind = /\.(m3u8|m4s|mp4)$/.exec(pathname)?.[1];
    if (kind === undefined) return;
    const session = /sid="([0-9a-f]{32})"/.exec(searchParams.get("CMCD") ?? "")?.[1] ?? null;
    told.set(kind, (told.get(kind) ?? new Set()).add(session));
  });
  await pressListen();
  await hearTone(page);
  expect([...told.keys()].sort()).toEqual(["m3u8", "m4s", "mp4"]);
  const sessions = new Set([...told.values()].flatMap((some) => [...some]));
  expect(sessions.size).toBe(1);
  expect(sessions.has(null)).toBe(false);
});

test("Listen before the broadcast: the sound begins by itself", async () => {
  await open();
  await pressListen();
  await status("Waiting");
  publish();
  await hearTone(page);
  await status("Listening");
});

test("signed playback is heard, and its pass is renewed", async () => {
  await open("--signed-playback", "always");
  publish();
  const passes: number[] = [];
  page.on("response", (response) => {
    if (response.url().endsWith("/playback")) passes.push(response.status());
  });
  await pressListen();
  await hearTone(page);
  await status("Listening");
  // Longer than a pass is good for: what is heard then was opened by another.
  await expect.poll(() => passes.length, { timeout: 150_000, interval: 500 }).toBeGreaterThanOrEqual(4);
  expect(passes.every((status) => status === 200)).toBe(true);
  await hearTone(page);
  expect(await page.context().cookies(station.page("/live/studio/"))).toMatchObject([
    { name: "onair_play", path: "/live/studio/", httpOnly: true, sameSite: "Strict" },
  ]);
});

test("a publisher that drops and comes back is heard again, and nothing else happens", async () => {
  await open();
  const first = publish();
  await pressListen();
  await hearTone(page);
  await first.drop();
  await hearSilence(page);
  await status("Listening");
  publish();
  await hearTone(page);
  expect(await restarts(page)).toBe(0);
});

test("a server that is killed and started again is heard again by itself", async () => {
  await open();
  publish();
  await pressListen();
  await hearTone(page);
  await station.kill();
  await status("Getting the sound back");
  await station.restart();
  publish();
  await hearTone(page);
  await status("Listening");
  await expect.poll(latency, { timeout: 60_000 }).toSatisfy(nearHoldBack);
});

test("without a publisher the broadcast ends, and the page says so", async () => {
  await open("--publisher-grace-seconds", "2");
  const publisher = publish();
  await pressListen();
  await hearTone(page);
  await publisher.drop();
  await status("The broadcast has ended");
  expect(await page.getByRole("button", { name: /Listen|Stop|Back/ }).count()).toBe(0);
  publish();
  await status("On air again");
  await page.getByRole("button", { name: "Listen again" }).click();
  await hearTone(page);
});

test("the home page finds the broadcast, and leads to it", async () => {
  await open();
  await page.goto(station.page("/"));
  await page.getByText("Nothing is on air right now.").waitFor();
  expect(await axeFindings(page)).toEqual([]);
  publish();
  await page.getByRole("link", { name: /studio/i }).click({ timeout: 60_000 });
  await page.getByRole("button", { name: "Listen" }).waitFor();
  expect(page.url()).toBe(station.page("/b/studio"));
});

test.each(["light", "dark"] as const)("axe finds nothing in any phase, %s", async (colorScheme) => {
  await open("--publisher-grace-seconds", "2");
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width: 320, height: 568 });
  await page.goto(station.page("/listen/studio"));
  await page.getByRole("button", { name: "Listen" }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await pressListen();
  await status("Waiting");
  expect(await axeFindings(page)).toEqual([]);
  const publisher = publish();
  await status("Listening");
  expect(await axeFindings(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  await publisher.drop();
  await status("The broadcast has ended");
  expect(await axeFindings(page)).toEqual([]);
});

test("the page can be worked by keyboard alone", async () => {
  await open();
  publish();
  await page.goto(station.page("/listen/studio"));
  await page.getByRole("button", { name: "Listen" }).focus();
  await page.keyboard.press("Enter");
  await status("Listening");
  const places = [
    page.getByRole("button", { name: "Back 30 s" }),
    page.getByRole("slider", { name: "Volume" }),
  ];
  for (const place of places) {
    await page.keyboard.press("Tab");
    expect(await place.evaluate((el) => el === document.activeElement)).toBe(true);
  }
  for (const _ of places) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Listen" }).waitFor();
});
