import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFailed, test } from "vitest";

import { type Browser, openBrowser, type Page } from "./browser.ts";
import { axeFindings, hearTone, putEar } from "./ear.ts";
import { Publisher, Station } from "./station.ts";

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

beforeEach(async () => {
  // A broadcast without a publisher ends at once.
  station = await Station.open("--rtc", "off", "--publisher-grace-seconds", "0");
  publisher = new Publisher(station.publishUrl);
  onTestFailed(() => {
    process.stderr.write([station.log, publisher.log].join("\n"));
  });
  page = await browser.newPage();
  await page.goto(station.page("/listen/studio"));
  await page.getByRole("button", { name: "Listen" }).click();
  await status("You hear what is happening now.");
});

afterEach(async () => {
  await page.close();
  await publisher.drop();
  await station.close();
});

/** Waits for the words of the live region. */
async function status(words: string): Promise<void> {
  const said = page.getByRole("status").getByText(words);
  await said.waitFor({ timeout: 60_000 });
  expect(await said.isVisible()).toBe(true);
}

test("a listener goes back while the broadcast goes on, and returns to it", async () => {
  await page.getByRole("button", { name: "Back 30 s" }).click();
  await status("Listening behind live");
  await page.getByRole("slider", { name: "What is kept of this broadcast" }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Back to live" }).click();
  await status("You hear what is happening now.");
});

test("a broadcast that has ended is heard again on a page of its own", async () => {
  await putEar(page);
  await hearTone(page);
  await publisher.drop();
  await status("The broadcast has ended");
  await page.getByRole("link", { name: "Hear it again" }).click();
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await putEar(page);
  expect(Math.abs((await hearTone(page)) - 440)).toBeLessThan(10);
  expect(await axeFindings(page)).toEqual([]);
  const file = await page.getByRole("link", { name: "M4A (AAC)" }).getAttribute("href");
  const answer = await page.request.get(station.page(file ?? ""));
  expect([answer.status(), answer.headers()["content-type"]]).toEqual([200, "audio/mp4"]);
  expect(Number(answer.headers()["content-length"])).toBe((await answer.body()).length);
  const again = page.getByRole("button", { name: "Play again" });
  await again.waitFor({ timeout: 120_000 });
  expect(await again.isVisible()).toBe(true);
});
