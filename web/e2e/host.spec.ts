import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { answered, connect } from "@onair/client";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";

import { type Browser, openSpeaker, type Page } from "./browser.ts";
import { hear, hearNoMore, putEars } from "./ears.ts";
import { look } from "./looks.ts";
import { Station } from "./station.ts";

/** What the host and a guest say, in Hz. */
const HOST = 440;
const GUEST = 660;

/** How long before the start somebody is reminded, and how soon that is to be. */
const TEN_MINUTES_MS = 600_000;
const SOON_MS = 1000;

const PASSWORD = "a long enough secret";

let station: Station;
let folder: string;
let studioOfHost: Browser;
let homeOfGuest: Browser;
/** The admin whom the station made, with a password for the first sign-in. */
let admin: { readonly email: string; readonly password: string };

/** What pages complained of: faults, and what the policy did not let through. */
const complaints: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onair-host-"));
  [station, studioOfHost, homeOfGuest] = await Promise.all([
    Station.open(),
    microphone("host", HOST),
    microphone("guest", GUEST),
  ]);
  // It is told once, at the very first start.
  const told = (label: string) => station.log.match(new RegExp(`^ {2}${label} +(\\S+)$`, "m"))?.[1] ?? "";
  admin = { email: told("E-mail"), password: told("Password") };
});

afterAll(async () => {
  await Promise.all([studioOfHost?.close(), homeOfGuest?.close()]);
  await station?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A browser with a tone before its microphone. */
async function microphone(name: string, hertz: number): Promise<Browser> {
  const wav = join(folder, `${name}.wav`);
  const sine = `sine=frequency=${hertz}:sample_rate=48000:duration=20`;
  await promisify(execFile)("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", sine, wav]);
  return openSpeaker(wav);
}

/** Somebody at a browser of their own. */
async function sitDown(browser: Browser, locale = "en"): Promise<Page> {
  const context = await browser.newContext({ locale, viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(40_000);
  await putEars(context);
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) complaints.push(message.text());
  });
  return page;
}

const press = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).first().click();

async function register(page: Page, name: string, place: string): Promise<void> {
  await page.goto(station.page(`register?to=${encodeURIComponent(place)}`));
  await page.getByLabel("Name (optional)").fill(name);
  await page.getByLabel("User name").fill(name.toLowerCase());
  await page.getByLabel("E-mail address").fill(`${name.toLowerCase()}@example.org`);
  await page.getByLabel("Password").fill(PASSWORD);
  await press(page, "Make an account");
}

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
}

test("a host goes live from the browser; a guest is heard on stage; all of it survives a restart", async () => {
  onTestFailed(() => {
    process.stderr.write(station.log);
  });

  // The host makes an account, plans a broadcast, and opens its studio.
  const host = await sitDown(studioOfHost);
  await register(host, "Hana", "/broadcasts");
  await host.getByText("No broadcasts yet").waitFor();
  await host.getByRole("main").getByRole("link", { name: "New broadcast" }).click();
  await host.getByLabel("Title").fill("Evening talk");
  await host.getByLabel("Description (optional)").fill("What happened today, and what comes tomorrow.");
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  await host.getByLabel("Planned start (optional)").fill(`${tomorrow}T20:00`);
  expect(await look(host, "broadcast")).toEqual([]);
  await press(host, "Make the broadcast");
  await host.getByRole("link", { name: /Open the studio/ }).click();
  await host.waitForURL(/\/studio\//);
  const id = host.url().replace(/.*\//, "");

  // Somebody makes an account where it is needed, and is reminded ten minutes before.
  const guest = await sitDown(homeOfGuest);
  await register(guest, "Bob", `/b/${id}`);
  await guest.getByText("Not live yet").waitFor();
  await press(guest, "Remind me of Evening talk");
  expect(await look(guest, "remind")).toEqual([]);
  await press(guest, "Save");
  await guest.getByRole("button", { name: "You are reminded of Evening talk" }).waitFor();
  await moveTo(id, Date.now() + TEN_MINUTES_MS + SOON_MS);
  const reminder = guest.getByText("Soon: Evening talk");
  do {
    await guest.goto(station.page("notifications"));
    // That it was moved is told as well, and sooner.
    await guest.getByRole("main").getByRole("listitem").or(guest.getByText("Nothing yet")).first().waitFor();
  } while (!(await reminder.isVisible()));

  // Preflight: nobody goes on air without a microphone.
  const goLive = host.getByRole("button", { name: "Go live" });
  await host.getByText("The station answers in").waitFor();
  expect(await goLive.isDisabled()).toBe(true);
  await press(host, "Allow the microphone");
  await host.getByText("It is there.").waitFor();
  await host.getByText("Right.").waitFor();
  expect(await look(host, "studio-before")).toEqual([]);
  await goLive.click();
  await host.getByRole("main").getByText("On air", { exact: true }).waitFor();
  await host.getByText(/On air for 0:0/).waitFor();

  // A listener finds it on the home page and hears it after one click.
  const listener = await sitDown(studioOfHost);
  await listener.goto(station.page("/"));
  await listener.getByRole("link", { name: "Evening talk" }).waitFor();
  expect(await look(listener, "home")).toEqual([]);
  await listener.getByRole("link", { name: "Evening talk" }).click();
  await press(listener, "Listen");
  await hear(listener, HOST);
  await listener.getByText("You hear WebRTC.").waitFor();
  expect(await listener.getByLabel("Message").count()).toBe(0);

  // Another one hears it by HLS, as sparingly as can be.
  const other = await sitDown(studioOfHost);
  await other.goto(station.page(`b/${id}`));
  await other.getByLabel("Quality").selectOption("least");
  await press(other, "Listen");
  await hear(other, HOST);
  await other.getByText("You hear HLS.").waitFor();
  await other.getByRole("option", { name: /^Less data, \d+ kB a minute$/ }).waitFor({ state: "attached" });

  // Who was reminded comes, writes, and asks to speak.
  await guest.getByRole("link", { name: "Soon: Evening talk" }).click();
  await press(guest, "Listen");
  await hear(guest, HOST);
  await guest.getByLabel("Message").fill("Good evening from here");
  await guest.getByLabel("Message").press("Enter");
  await host.getByText("Good evening from here").waitFor();
  await listener.getByText("Good evening from here").waitFor();
  await askAndAnswer(host, guest, listener);
  await press(listener, "React with");
  await press(guest, "Raise hand");
  await press(host, "Invite to the stage");
  await guest.getByRole("dialog", { name: "You are asked on stage" }).waitFor();
  expect(await look(guest, "invitation")).toEqual([]);
  await press(guest, "Come on stage");
  await guest.getByText("You are on stage").waitFor();

  // Everybody hears the guest: the host as they are, listeners in the programme, whichever way it comes.
  await hear(listener, GUEST);
  await hear(other, GUEST);
  await hear(host, GUEST);
  // The guest hears the host on the stage, and the programme no more.
  await hear(guest, HOST);
  await hearNoMore(guest, GUEST);
  expect(await look(listener, "listen")).toEqual([]);
  expect(await look(host, "studio")).toEqual([]);
  await press(guest, "Leave the stage");
  await hearNoMore(listener, GUEST);

  // The power fails. Nobody touches anything; who comes now is told.
  await listener.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await station.kill();
  await hearNoMore(listener, HOST);
  const late = await listener.context().newPage();
  await late.goto(station.page("/"));
  await late.getByRole("heading", { name: "No connection" }).waitFor();
  expect(await look(late, "offline")).toEqual([]);
  await station.restart();
  await late.getByRole("link", { name: "Evening talk" }).waitFor();
  await hear(listener, HOST);
  await host.getByRole("main").getByText("On air", { exact: true }).waitFor();
  await guest.getByLabel("Message").fill("Still here");
  await guest.getByLabel("Message").press("Enter");
  await host.getByText("Still here").waitFor();

  // The end is asked for twice, and told to everybody.
  await press(host, "End broadcast");
  await press(host, "End it");
  await host.getByText("Off air").waitFor();
  await listener.getByText("The broadcast has ended").waitFor();

  // It is heard again, and what was said stands there when its moment comes.
  await listener.getByRole("link", { name: "Hear it again" }).click();
  await listener.getByRole("button", { name: "Play", exact: true }).click();
  await hear(listener, HOST);
  const greeting = listener.getByText("Good evening from here");
  expect(await greeting.isVisible()).toBe(false);
  while (!(await greeting.isVisible())) await press(listener, "Ahead 10 s");
  await listener.getByText("Tea or coffee?").waitFor();
  expect(await look(listener, "recording")).toEqual([]);
  await listener.getByRole("slider", { name: "Place in the recording" }).press("Home");
  await greeting.waitFor({ state: "hidden" });
  await host.goto(station.page("broadcasts"));
  await host.getByText(/^Ended /).waitFor();
  expect(await look(host, "broadcasts")).toEqual([]);
  await host.getByRole("navigation").getByRole("link", { name: "Recordings" }).click();
  await host.getByRole("link", { name: "Evening talk" }).first().waitFor();
  expect(await look(host, "recordings")).toEqual([]);
  expect(complaints).toEqual([]);
  await Promise.all([host, listener, other, guest].map((page) => page.context().close()));
});

/** The host has it begin at another time, which no form tells to the second. */
async function moveTo(id: string, startMs: number): Promise<void> {
  const baseUrl = station.page("/").replace(/\/$/, "");
  const login = { email: "hana@example.org", password: PASSWORD };
  const { accessToken } = await answered(connect({ baseUrl }).POST("/api/auth/login", { body: login }));
  const body = { scheduledStartTime: new Date(startMs).toISOString() };
  await answered(
    connect({ baseUrl, accessToken }).PATCH("/api/broadcasts/{id}", { params: { path: { id } }, body }),
  );
}

/** The host asks everybody, and everybody asks the host. */
async function askAndAnswer(host: Page, guest: Page, listener: Page): Promise<void> {
  await host.getByLabel("Question", { exact: true }).fill("Tea or coffee?");
  await host.getByLabel("Answer 1").fill("Tea");
  await host.getByLabel("Answer 2").fill("Coffee");
  await press(host, "Open the poll");
  await guest.getByRole("button", { name: "Coffee" }).click();
  await listener.getByText("100% (1)").waitFor();
  await press(host, "Take questions");
  await guest.getByText("Questions", { exact: true }).click();
  await guest.getByLabel("Your question").fill("What comes tomorrow?");
  await guest.getByLabel("Your question").press("Enter");
  await host.getByText("What comes tomorrow?").waitFor();
  expect(await look(guest, "poll")).toEqual([]);
  await press(host, "Answered: What comes tomorrow?");
  await guest.getByText("No questions yet.").waitFor();
  await press(host, "Close the poll");
  await listener.getByText("What the poll came to").waitFor();
}

test("every other screen can be used by everybody, in both languages, and keeps to the policy", async () => {
  onTestFailed(() => {
    process.stderr.write(station.log);
  });
  const page = await sitDown(homeOfGuest);
  await page.goto(station.page("station"));
  await page.getByText("Sign in to go on").waitFor();
  await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
  expect(await look(page, "sign-in")).toEqual([]);
  await signIn(page, admin.email, "not the password");
  await page.getByText("The e-mail address or the password is wrong.").waitFor();
  await signIn(page, admin.email, admin.password);

  // Nothing else is to be had before there is a password that somebody chose.
  await page.getByRole("heading", { name: "Choose a new password" }).waitFor();
  expect(await look(page, "first-password")).toEqual([]);
  await page.getByLabel("Current password").fill(admin.password);
  await page.getByLabel("New password").fill(PASSWORD);
  await press(page, "Change password");
  await page.getByRole("tab", { name: "People" }).click();
  await page.getByText("@admin").waitFor();
  expect(await look(page, "people")).toEqual([]);
  for (const tab of ["Live", "Reports", "Log", "API keys", "Invitations", "Jobs", "Settings"]) {
    await page.getByRole("tab", { name: tab }).click();
    await page
      .getByRole("tabpanel")
      .getByRole("status")
      .or(page.getByRole("tabpanel").getByRole("list"))
      .first()
      .waitFor();
    expect(await look(page, tab.toLowerCase().replace(" ", "-"))).toEqual([]);
  }
  await page.goto(station.page("account"));
  await page.getByText("No webhooks yet.").waitFor();
  expect(await look(page, "account")).toEqual([]);

  await page.getByRole("link", { name: "Notifications", exact: true }).click();
  await page.getByText("Nothing yet").waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("checkbox").first().waitFor();
  await page.getByText("It is told nothing.").waitFor();
  expect(await look(page, "notification-settings")).toEqual([]);

  // What repeats is planned by the clocks of a zone, as the station reads it.
  await page.goto(station.page("broadcasts/new"));
  await page.getByLabel("Title").fill("Weekly talk");
  const day = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel("Planned start (optional)").fill(`${day}T20:00`);
  await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
  await page.getByLabel("Repeats").selectOption("weekly");
  await page.getByRole("region", { name: "The next dates" }).getByRole("listitem").nth(4).waitFor();
  expect(await look(page, "plan")).toEqual([]);
  await press(page, "Make the broadcast");
  await page.getByRole("link", { name: "All dates: Weekly talk" }).click();
  await page
    .getByRole("button", { name: /^What to do with/ })
    .first()
    .click();
  await page.getByRole("menuitem", { name: "Skip" }).click();
  await press(page, "Skip");
  await page.getByText("Cancelled").waitFor();
  expect(await look(page, "series")).toEqual([]);

  // A reload keeps whoever is signed in; a word in the menu signs them out.
  await page.reload();
  await page.getByRole("button", { name: /, account$/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByText("Sign in to go on").waitFor();

  // By hand into the other language and the other way round; it stays.
  await page.getByRole("button", { name: "Language and colours" }).click();
  await page.getByRole("menuitemradio", { name: "العربية" }).click();
  await page.getByText("سجّل الدخول للمتابعة").waitFor();
  expect(await page.evaluate(() => document.documentElement.dir)).toBe("rtl");
  await page.goto(station.page("b/studio"));
  await page.getByRole("button", { name: "استمع" }).waitFor();
  expect(await look(page, "listen-arabic")).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);

  // What the station pushes is shown, in its own words.
  const told = await push(page, { id: "n1", title: "Ada is on air", body: "News", url: "/listen/studio" });
  expect(told).toEqual([{ title: "Ada is on air", body: "News", data: station.page("listen/studio") }]);

  const arab = await sitDown(homeOfGuest, "ar-EG");
  await arab.goto(station.page("register"));
  await arab.getByRole("heading", { name: "إنشاء حساب" }).waitFor();
  expect(await look(arab, "register-arabic")).toEqual([]);

  const frame = await sitDown(homeOfGuest);
  await frame.goto(station.page("embed/studio"));
  await frame.getByRole("button", { name: "Listen" }).waitFor();
  expect(await look(frame, "embed")).toEqual([]);
  await frame.goto(station.page("nowhere"));
  await frame.getByText("There is nothing here").waitFor();
  expect(await look(frame, "nowhere")).toEqual([]);
  expect(complaints).toEqual([]);
});

/** Has a push service deliver a notice to the worker of a page; what the system shows of it then. */
async function push(page: Page, notice: object): Promise<object[]> {
  const context = page.context();
  await context.grantPermissions(["notifications"]);
  const session = await context.newCDPSession(page);
  const registered = new Promise<string>((found) => {
    session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: [one] }) => {
      if (one !== undefined) found(one.registrationId);
    });
  });
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await session.send("ServiceWorker.enable");
  const message = {
    origin: new URL(page.url()).origin,
    registrationId: await registered,
    data: JSON.stringify(notice),
  };
  await session.send("ServiceWorker.deliverPushMessage", message);
  const shown = await page.waitForFunction(async () => {
    const notices = await (await navigator.serviceWorker.ready).getNotifications();
    return notices.length === 0 ? null : notices.map(({ title, body, data }) => ({ title, body, data }));
  });
  return (await shown.jsonValue()) ?? [];
}
