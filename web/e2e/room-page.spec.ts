import type { WebSocketRoute } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";

import { type Browser, openBrowser, type Page } from "./browser.ts";
import { axeFindings } from "./ear.ts";
import { Station } from "./station.ts";

const AMY = { id: "amy", name: "Amy", role: "listener" };
const BEA = { id: "bea", name: "Bea", role: "host" };

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

/** What the page sent, and how to answer as a room does. */
interface Other {
  readonly sent: Record<string, unknown>[];
  tell(message: Record<string, unknown>): void;
}

/** Opens the demo page and comes in as `you`; the station's ticket is real, the room's other end is the test. */
async function comeIn(you: typeof AMY): Promise<{ page: Page; other: Other }> {
  onTestFailed(() => {
    process.stderr.write(station.log);
  });
  const page = await browser.newPage();
  const sent: Record<string, unknown>[] = [];
  const connected = new Promise<WebSocketRoute>((connect) => {
    void page.routeWebSocket(/\/ws\/broadcasts\/demo$/, (socket) => {
      socket.onMessage((text) => sent.push(JSON.parse(String(text))));
      connect(socket);
    });
  });
  await page.goto(station.page("demo/room.html"));
  await page.getByLabel("Broadcast").fill("demo");
  await page.getByRole("button", { name: "Come in" }).click();
  const socket = await connected;
  const tell = (message: Record<string, unknown>) =>
    socket.send(JSON.stringify({ id: "e1", at: "2027-01-15T08:00:00Z", ...message }));
  await expect.poll(() => sent).toEqual([{ type: "join", ticket: expect.stringMatching(/./) }]);
  sent.length = 0;
  tell({
    type: "joined",
    you,
    resumed: false,
    invited: false,
    hands: [],
    room: {
      users: [AMY, BEA],
      people: 2,
      listeners: { total: 7, webrtc: 3, hls: 4 },
      stage: [{ user: BEA, muted: false }],
      messages: [{ id: "m1", text: "<b>salaam</b>", author: AMY, at: "2027-01-15T08:00:00Z" }],
      pinned: [],
      rules: { reactions: ["👏"] },
    },
  });
  return { page, other: { sent, tell } };
}

test("the demo page shows a room, and takes part in it", async () => {
  const { page, other } = await comeIn(AMY);
  await page.getByText("in, as Amy (listener)").waitFor();
  await page.getByText("7 listen (3 by WebRTC, 4 by HLS), 2 in the room").waitFor();
  // What people write is text, whatever it looks like.
  expect(await page.locator("#messages li").allTextContents()).toEqual(["Amy: <b>salaam</b>"]);
  expect(await page.getByRole("button", { name: "Put out" }).count()).toBe(0);

  await page.getByLabel("Say something").fill("hello");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("button", { name: "Raise a hand" }).click();
  await page.getByRole("button", { name: "👏" }).click();
  other.tell({ type: "stageInvite", user: AMY, by: "bea" });
  await page.getByRole("button", { name: "Come on stage" }).click();
  await expect
    .poll(() => other.sent)
    .toEqual([
      { type: "chatMessage", message: "hello" },
      { type: "raiseHand" },
      { type: "reaction", emoji: "👏" },
      { type: "acceptInvite" },
    ]);

  other.tell({ type: "roleChanged", user: { ...AMY, role: "moderator" } });
  await page.getByRole("button", { name: "Put out" }).first().waitFor();

  other.tell({ type: "reaction", counts: { "👏": 3 } });
  await page.getByText("👏 3").waitFor();
  const stage = [
    { user: BEA, muted: false },
    { user: AMY, muted: true },
  ];
  other.tell({ type: "stageChanged", user: AMY, change: "entered", stage });
  await page.getByText("Amy, muted").waitFor();
  expect(await page.getByText("You are asked on stage").isVisible()).toBe(false);
  other.tell({ type: "error", code: "slowMode", detail: "wait a moment" });
  await page.getByText("wait a moment (slowMode)").waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await page.close();
});

test("whoever keeps the room has buttons for it", async () => {
  const { page, other } = await comeIn(BEA);
  other.tell({ type: "handRaised", hand: { user: AMY, at: "2027-01-15T08:00:00Z" } });
  await page.locator("#hands").getByRole("button", { name: "On stage" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Put out" }).click();
  await expect
    .poll(() => other.sent)
    .toEqual([
      { type: "inviteToStage", userId: "amy" },
      { type: "deleteMessage", messageId: "m1" },
      { type: "remove", userId: "amy" },
    ]);
  other.tell({ type: "messageDeleted", messageId: "m1", by: "bea" });
  other.tell({ type: "userLeft", userId: "amy" });
  await expect.poll(() => page.locator("#people li").allTextContents()).toEqual(["Bea (host)"]);
  expect(await page.locator("#messages li").count()).toBe(0);
  await page.close();
});
