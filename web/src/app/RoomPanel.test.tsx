import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Broadcast } from "../api/broadcasts.ts";
import type { RoomUser } from "../signal/protocol.ts";
import { AMY, HANA, welcome } from "../test/a-room.ts";
import { FakeSocket } from "../test/fake-socket.ts";
import { RoomPanel } from "./RoomPanel.tsx";

let sockets: FakeSocket[];
let heardMs: number | null;
let offers: number;

beforeEach(() => {
  sockets = [];
  heardMs = null;
  offers = 0;
  vi.stubGlobal("fetch", async () => Response.json({ ticket: "t" }));
  vi.stubGlobal(
    "WebSocket",
    class extends FakeSocket {
      constructor() {
        super();
        sockets.push(this);
      }
    },
  );
});

afterEach(() => vi.unstubAllGlobals());

async function comeIn(you: RoomUser): Promise<FakeSocket> {
  const sound = {
    broadcast: {} as Broadcast,
    heard: () => heardMs,
    hush: () => {},
    resume: () => {},
    offered: () => {
      offers += 1;
    },
  };
  render(
    <MemoryRouter initialEntries={["/b/studio"]}>
      <RoomPanel id="studio" sound={sound} />
    </MemoryRouter>,
  );
  await vi.waitFor(() => expect(sockets).toHaveLength(1));
  const [socket] = sockets;
  if (socket === undefined) throw new Error("nothing was connected");
  await act(async () => socket.tell(welcome(you)));
  return socket;
}

const tell = (socket: FakeSocket, message: object) => act(async () => socket.tell({ id: "r-2", ...message }));

test("a guest reads, reacts, and is shown the way to write", async () => {
  const socket = await comeIn({ id: "g1", name: "Guest 1", role: "guest" });
  expect(screen.getByText("salaam")).toBeDefined();
  expect(screen.getByText("2 in the room")).toBeDefined();
  expect(screen.queryByLabelText("Message")).toBeNull();
  expect(screen.queryByRole("button", { name: "Raise hand" })).toBeNull();
  const link = screen.getByRole("link", { name: /Sign in/ });
  expect(link.getAttribute("href")).toBe("/sign-in?to=%2Fb%2Fstudio");
  await userEvent.click(screen.getByRole("button", { name: "React with 👏" }));
  expect(socket.sent.at(-1)).toEqual({ type: "reaction", emoji: "👏" });
});

test("somebody writes, and is told why it is not taken", async () => {
  const socket = await comeIn(AMY);
  await userEvent.type(screen.getByLabelText("Message"), " hello {Enter}");
  expect(socket.sent.at(-1)).toEqual({ type: "chatMessage", message: "hello" });
  await tell(socket, { type: "error", code: "slowMode", detail: "…" });
  expect(screen.getByText("Wait a moment before the next message.")).toBeDefined();
  await userEvent.click(screen.getByLabelText("Message"));
  await userEvent.paste("é".repeat(201));
  expect((screen.getByRole("button", { name: "Send" }) as HTMLButtonElement).disabled).toBe(true);
});

test("what is said stands there when its moment is heard", async () => {
  const socket = await comeIn(AMY);
  heardMs = Date.parse("2027-01-15T08:00:05Z");
  const message = { id: "m2", text: "later", author: HANA };
  await tell(socket, { type: "chatMessage", message, programTime: "2027-01-15T08:00:07Z" });
  await vi.waitFor(() => expect(screen.queryByText("later")).toBeNull());
  heardMs = Date.parse("2027-01-15T08:00:07Z");
  expect(await screen.findByText("later")).toBeDefined();
});

test("a hand goes up and down, and an invitation asks", async () => {
  const socket = await comeIn(AMY);
  await userEvent.click(screen.getByRole("button", { name: "Raise hand" }));
  expect(socket.sent.at(-1)).toEqual({ type: "raiseHand" });
  await tell(socket, { type: "handRaised", hand: { user: AMY, at: "" } });
  await userEvent.click(screen.getByRole("button", { name: "Lower hand" }));
  expect(socket.sent.at(-1)).toEqual({ type: "lowerHand" });
  await tell(socket, { type: "stageInvite", user: AMY, by: "hana" });
  const dialog = screen.getByRole("dialog", { name: "You are asked on stage" });
  await userEvent.click(within(dialog).getByRole("button", { name: "Come on stage" }));
  // jsdom is a page without a microphone.
  expect(within(dialog).getByRole("alert").textContent).toContain("HTTPS");
  await userEvent.click(within(dialog).getByRole("button", { name: "Not now" }));
  expect(socket.sent.at(-1)).toEqual({ type: "declineInvite" });
});

test("a place that frees is handed to the sound", async () => {
  const socket = await comeIn(AMY);
  await tell(socket, { type: "webrtcPlace" });
  expect(offers).toBe(1);
});

test("who keeps order has the means for it", async () => {
  const socket = await comeIn(HANA);
  const message = { id: "m2", text: "spam", author: AMY };
  await tell(socket, { type: "chatMessage", message });
  await userEvent.click(await screen.findByRole("button", { name: "What to do with Amy" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Ban from this broadcast" }));
  await userEvent.click(await screen.findByRole("button", { name: "Ban from this broadcast" }));
  expect(socket.sent.at(-1)).toEqual({ type: "ban", userId: "amy" });
});

test("who keeps order sees hands, and asks whoever raised one on stage", async () => {
  const socket = await comeIn(HANA);
  await tell(socket, { type: "handRaised", hand: { user: AMY, at: "" } });
  await userEvent.click(await screen.findByRole("button", { name: "Invite to the stage" }));
  expect(socket.sent.at(-1)).toEqual({ type: "inviteToStage", userId: "amy" });
  const stage = [{ user: AMY, muted: false }];
  await tell(socket, { type: "stageChanged", user: AMY, change: "entered", stage });
  await userEvent.click(await screen.findByRole("button", { name: "Mute: Amy" }));
  expect(socket.sent.at(-1)).toEqual({ type: "mute", userId: "amy", muted: true });
});

test("a room that is lost says so, and keeps what was said", async () => {
  const socket = await comeIn(AMY);
  await act(async () => socket.end(1006));
  expect(screen.getByText(/connection to the room is lost/)).toBeDefined();
  expect(screen.getByText("salaam")).toBeDefined();
});

test("who only listens sees who speaks", async () => {
  const socket = await comeIn(AMY);
  await tell(socket, { type: "speaking", userIds: ["hana"] });
  expect(screen.getByText("speaking")).toBeDefined();
  await tell(socket, { type: "speaking", userIds: [] });
  expect(screen.queryByText("speaking")).toBeNull();
});

const POLL = { id: "p1", question: "Tea or coffee?", options: ["Tea", "Coffee"], counts: [0, 0] };

test("a poll is answered, and then shows how it stands and what it came to", async () => {
  const socket = await comeIn(AMY);
  await tell(socket, { type: "pollOpened", poll: POLL });
  await userEvent.click(await screen.findByRole("button", { name: "Coffee" }));
  expect(socket.sent.at(-1)).toEqual({ type: "vote", pollId: "p1", option: 1 });
  await tell(socket, { type: "pollCounted", pollId: "p1", counts: [1, 3] });
  expect(screen.getByText("75% (3)")).toBeDefined();
  await userEvent.click(screen.getByRole("button", { name: "Answer differently" }));
  await userEvent.click(screen.getByRole("button", { name: "Tea" }));
  expect(socket.sent.at(-1)).toEqual({ type: "vote", pollId: "p1", option: 0 });
  await tell(socket, { type: "pollClosed", pollId: "p1", counts: [2, 2] });
  expect(screen.getByText("What the poll came to")).toBeDefined();
  await userEvent.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByText("Tea or coffee?")).toBeNull();
});

test("a guest sees how a poll stands, and is not asked", async () => {
  const socket = await comeIn({ id: "g1", name: "Guest 1", role: "guest" });
  await tell(socket, { type: "pollOpened", poll: { ...POLL, counts: [1, 0] } });
  expect(await screen.findByText("100% (1)")).toBeDefined();
  expect(screen.queryByRole("button", { name: "Tea" })).toBeNull();
});

const asked = (id: string, author: RoomUser) => ({
  type: "questionAsked",
  question: { id, text: `What is ${id}?`, author, votes: 1, at: "2027-01-15T08:00:01Z" },
});

test("somebody asks, and lifts what another one asks", async () => {
  const socket = await comeIn(AMY);
  await tell(socket, { type: "questionsOpened" });
  await tell(socket, asked("love", HANA));
  await userEvent.click(await screen.findByText("Questions (1)"));
  await userEvent.click(screen.getByRole("button", { name: "I want to know too: What is love?" }));
  expect(socket.sent.at(-1)).toEqual({ type: "upvoteQuestion", questionId: "love" });
  await userEvent.type(screen.getByLabelText("Your question"), " Why? {Enter}");
  expect(socket.sent.at(-1)).toEqual({ type: "askQuestion", text: "Why?" });
  await tell(socket, { type: "error", code: "noLinks", detail: "…" });
  // Below the question, and below the message that it might have been.
  expect(screen.getAllByText("Links are not allowed here.")).toHaveLength(2);
  for (const id of ["a", "b", "c"]) await tell(socket, asked(id, AMY));
  expect(screen.queryByLabelText("Your question")).toBeNull();
  expect(screen.queryByRole("button", { name: /Answered/ })).toBeNull();
});

test("who keeps order says that a question is answered", async () => {
  const socket = await comeIn(HANA);
  await tell(socket, { type: "questionsOpened" });
  await tell(socket, asked("love", AMY));
  await userEvent.click(await screen.findByText("Questions (1)"));
  await userEvent.click(screen.getByRole("button", { name: "Answered: What is love?" }));
  expect(socket.sent.at(-1)).toEqual({ type: "settleQuestion", questionId: "love" });
  await tell(socket, { type: "questionSettled", questionId: "love" });
  expect(screen.getByText("No questions yet.")).toBeDefined();
});
