import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answered, connect, ProblemError } from "@onair/client";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";

import { type Browser, openBrowser } from "./browser.ts";
import { axeFindings } from "./ear.ts";
import { Station } from "./station.ts";

let browser: Browser;
let station: Station;

beforeAll(async () => {
  browser = await openBrowser();
  station = await Station.open("--demo");
});

afterAll(async () => {
  await browser.close();
  await station.close();
});

function tellLogOnFailure(): void {
  onTestFailed(() => {
    process.stderr.write(station.log);
  });
}

test("Node.js asks the station by the client, and is told what is wrong", async () => {
  tellLogOnFailure();
  const here = connect({ baseUrl: station.page("/").replace(/\/$/, "") });
  const { items, total } = await answered(
    here.GET("/api/broadcasts", { params: { query: { status: "live" } } }),
  );
  expect(items.map(({ id }) => id)).toEqual(["demo"]);
  expect(total).toBe(1);
  const missing = answered(here.GET("/api/broadcasts/{id}", { params: { path: { id: "none" } } }));
  await expect(missing).rejects.toMatchObject({ status: 404 });
  const misfit = answered(here.GET("/api/broadcasts", { params: { query: { limit: 0 } } }));
  const error = await misfit.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ProblemError);
  expect((error as ProblemError).problem?.errors?.[0]?.field).toBe("limit");
});

test("the page about the API comes from the station alone and breaks no policy of its own", async () => {
  tellLogOnFailure();
  const page = await browser.newPage();
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith(station.page("/"))) elsewhere.push(request.url());
  });
  await page.goto(station.page("/api/docs"));
  const entry = page.locator("#sendHeartbeat");
  await entry.getByText("/api/broadcasts/{id}/heartbeat").click();
  await entry.getByText("What the player calls itself").waitFor();
  expect(await axeFindings(page)).toEqual([]);
  expect(complaints).toEqual([]);
  expect(elsewhere).toEqual([]);
  await page.close();
});

test("a page of others loads the chat, as a script and as a module", async () => {
  tellLogOnFailure();
  const [script, module] = ["sdk/live-chat.js", "sdk/live-chat.mjs"].map((path) => station.page(path));
  const others = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end(`<!doctype html><title>Others</title><script src="${script}"></script>`);
  });
  others.listen(0, "127.0.0.1");
  await once(others, "listening");
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(others.address() as AddressInfo).port}/`);
  expect(await page.evaluate("typeof LiveChat")).toBe("function");
  const imported = `import("${module}").then(({ LiveChat }) => typeof LiveChat)`;
  expect(await page.evaluate(imported)).toBe("function");
  await page.close();
  others.close();
});
