import { expect, test } from "vitest";

import { AMY, HANA, welcome } from "../test/a-room.ts";
import type { Notice } from "./protocol.ts";
import { asked, joined, type RoomState, saidBy, told } from "./room-state.ts";

/** The room after these were told to Amy. */
function after(...notices: object[]): RoomState {
  const start = joined(welcome(), null);
  if (start === null) throw new Error("a snapshot makes a room");
  const stamp = { id: "r-2", at: "2027-01-15T08:00:01Z", programTime: "2027-01-15T08:00:01Z" };
  return notices.reduce<RoomState>((room, notice) => told(room, { ...stamp, ...notice } as Notice), start);
}

const said = (id: string, author = AMY) => ({ type: "chatMessage", message: { id, text: id, author } });

test("people come, become something else, and go", () => {
  const bea = { id: "bea", name: "Bea", role: "listener" };
  const room = after(
    { type: "userJoined", user: bea },
    { type: "roleChanged", user: { ...AMY, role: "speaker" } },
  );
  expect(room.users?.map(({ name, role }) => `${name} ${role}`)).toEqual([
    "Amy speaker",
    "Hana host",
    "Bea listener",
  ]);
  expect(room.you.role).toBe("speaker");
  expect(room.people).toBe(3);
  expect(after({ type: "userLeft", userId: "hana" }).users).toEqual([AMY]);
});

test("what is said once is there once, and the oldest goes when there is too much", () => {
  expect(after(said("m2"), said("m2")).messages.map(({ id }) => id)).toEqual(["m1", "m2"]);
  const many = after(...Array.from({ length: 250 }, (_, nth) => said(`x${nth}`)));
  expect(many.messages).toHaveLength(200);
  expect(many.messages.at(-1)?.id).toBe("x249");
});

test("a message that is taken away is nowhere any more", () => {
  const pinned = {
    type: "messagePinned",
    by: "hana",
    message: { id: "m1", text: "salaam", author: HANA, at: "" },
  };
  expect(after(pinned).pinned.map(({ id }) => id)).toEqual(["m1"]);
  expect(after(pinned, { type: "messageUnpinned", messageId: "m1" }).pinned).toEqual([]);
  const gone = after(pinned, { type: "messageDeleted", messageId: "m1", by: "hana" });
  expect([gone.messages, gone.pinned]).toEqual([[], []]);
});

test("an invitation is for who is named, and over when they are on stage", () => {
  expect(after({ type: "stageInvite", user: HANA, by: "x" }).invited).toBe(false);
  const invited = { type: "stageInvite", user: AMY, by: "hana" };
  expect(after(invited).invited).toBe(true);
  expect(after(invited, { type: "stageInviteEnded", user: AMY, how: "expired" }).invited).toBe(false);
  const stage = [
    { user: HANA, muted: false },
    { user: AMY, muted: false },
  ];
  const there = after(invited, { type: "stageChanged", user: AMY, change: "entered", stage });
  expect([there.invited, there.stage]).toEqual([false, stage]);
  const muted = told(there, { type: "muted", userId: "amy", muted: true, by: "hana", id: "r-3", at: "" });
  expect(muted.stage.map(({ muted }) => muted)).toEqual([false, true]);
});

test("hands go up once a person, and down", () => {
  const up = { type: "handRaised", hand: { user: AMY, at: "" } };
  expect(after(up, up).hands).toHaveLength(1);
  expect(after(up, { type: "handLowered", userId: "amy" }).hands).toEqual([]);
});

test("a poll is counted while it is open", () => {
  const poll = { id: "p1", question: "?", options: ["a", "b"], counts: [0, 0] };
  const counted = after({ type: "pollOpened", poll }, { type: "pollCounted", pollId: "p1", counts: [1, 2] });
  expect(counted.poll?.counts).toEqual([1, 2]);
  expect(
    after({ type: "pollOpened", poll }, { type: "pollClosed", pollId: "p1", counts: [1, 2] }).poll,
  ).toBeNull();
});

test("the end takes everybody off the stage", () => {
  const room = after({ type: "broadcastEnded" });
  expect([room.onAir, room.stage]).toEqual([false, []]);
});

test("words stand there when their moment is heard, one's own at once", () => {
  const at = (second: number) => Date.parse("2027-01-15T08:00:00Z") + second * 1000;
  const { messages } = after(said("mine"), said("theirs", HANA));
  const shown = (heardMs: number | null) => saidBy(messages, heardMs, "amy").map(({ id }) => id);
  expect(shown(at(-1))).toEqual(["mine"]);
  expect(shown(at(0))).toEqual(["m1", "mine"]);
  expect(shown(at(1))).toEqual(["m1", "mine", "theirs"]);
  expect(shown(null)).toEqual(["m1", "mine", "theirs"]);
});

test("who comes back keeps what they had, in a room that goes on", () => {
  const before = after(said("m2"));
  const back = joined({ ...welcome(), room: null, resumed: true, invited: true }, before);
  expect(back).toEqual({ ...before, invited: true });
  expect(joined({ ...welcome(), room: null }, null)).toBeNull();
});

test("whose voice is heard is told anew each time, and nobody's after the end", () => {
  const room = after({ type: "speaking", userIds: ["hana", "amy"] }, { type: "speaking", userIds: ["amy"] });
  expect([...room.speaking]).toEqual(["amy"]);
  const ended = told(room, { type: "broadcastEnded", id: "r-9", at: "2027-01-15T08:01:00Z" });
  expect([...ended.speaking]).toEqual([]);
});

const POLL = { id: "p1", question: "Tea?", options: ["Yes", "No"], counts: [0, 0] };

test("a poll is opened, counted, answered, and what it came to stays until the next one", () => {
  const open = after(
    { type: "pollOpened", poll: POLL },
    { type: "pollCounted", pollId: "p1", counts: [2, 1] },
    { type: "pollCounted", pollId: "another", counts: [9, 9] },
  );
  expect([open.poll?.counts, open.vote]).toEqual([[2, 1], null]);
  expect(asked(open, { type: "vote", pollId: "p1", option: 1 }).vote).toBe(1);
  expect(asked(open, { type: "vote", pollId: "another", option: 1 }).vote).toBeNull();
  expect(asked(open, { type: "raiseHand" })).toBe(open);
  const stamp = { id: "r-9", at: "2027-01-15T08:01:00Z" };
  const closed = told(open, { ...stamp, type: "pollClosed", pollId: "p1", counts: [3, 1] });
  expect([closed.poll, closed.lastPoll?.counts]).toEqual([null, [3, 1]]);
  const next = told(closed, { ...stamp, type: "pollOpened", poll: { ...POLL, id: "p2" } });
  expect([next.poll?.id, next.lastPoll]).toEqual(["p2", null]);
});

test("questions stand in the order in which they are wanted, each once", () => {
  const question = (id: string, second: number) => ({
    type: "questionAsked",
    question: { id, text: id, author: AMY, votes: 1, at: `2027-01-15T08:00:0${second}Z` },
  });
  const room = after(
    { type: "questionsOpened" },
    question("first", 1),
    question("second", 2),
    question("third", 3),
    question("third", 3),
    { type: "questionVoted", questionId: "third", votes: 2 },
    { type: "questionSettled", questionId: "second" },
  );
  expect(room.questions.map(({ id, votes }) => `${id} ${votes}`)).toEqual(["third 2", "first 1"]);
  expect(room.questionsOpen).toBe(true);
  const stamp = { id: "r-9", at: "2027-01-15T08:01:00Z" };
  expect(told(room, { ...stamp, type: "questionsClosed" })).toMatchObject({
    questionsOpen: false,
    questions: [],
  });
});
