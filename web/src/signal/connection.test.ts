import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { AMY, welcome } from "../test/a-room.ts";
import { FakeSocket } from "../test/fake-socket.ts";
import { Room } from "./room.ts";

let sockets: FakeSocket[];
let tickets: (string | null | Error)[];
let room: Room;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  tickets = ["t1", "t2", "t3", "t4"];
  room = new Room({
    ticket: async () => {
      const ticket = tickets.shift() ?? null;
      if (ticket instanceof Error) throw ticket;
      return ticket;
    },
    connect: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    now: () => performance.now(),
    random: () => 0.999,
  });
});

afterEach(() => {
  room.close();
  vi.useRealTimers();
});

const phase = () => room.getState().connection.phase;

/** The newest socket. */
function socket(): FakeSocket {
  const newest = sockets.at(-1);
  if (newest === undefined) throw new Error("nothing was connected");
  return newest;
}

async function comeIn(): Promise<FakeSocket> {
  room.open();
  await vi.advanceTimersByTimeAsync(0);
  socket().onopen?.();
  socket().tell(welcome());
  return socket();
}

test("whoever comes in shows a ticket, and sees the room", async () => {
  const { sent } = await comeIn();
  expect(sent).toEqual([{ type: "join", ticket: "t1" }]);
  expect(phase()).toBe("in");
  expect(room.getState().room?.messages.map(({ text }) => text)).toEqual(["salaam"]);
});

test("what is lost comes back with a new ticket and says what it has", async () => {
  const first = await comeIn();
  first.tell({ type: "chatMessage", id: "r-2", message: { id: "m2", text: "hello", author: AMY } });
  first.end(1006);
  expect(room.getState().connection).toEqual({ phase: "lost", attempt: 1 });
  await vi.advanceTimersByTimeAsync(1000);
  expect(socket()).not.toBe(first);
  socket().onopen?.();
  expect(socket().sent).toEqual([{ type: "join", ticket: "t2", lastEventId: "r-2" }]);
  socket().tell({ type: "joined", id: "r-2", you: AMY, resumed: true, invited: false });
  socket().tell({ type: "chatMessage", id: "r-3", message: { id: "m3", text: "again", author: AMY } });
  expect(room.getState().room?.messages.map(({ id }) => id)).toEqual(["m1", "m2", "m3"]);
});

test("the waits grow, also where the station gives no ticket, and a good connection makes them short again", async () => {
  tickets = ["t1", new Error("down"), new Error("down"), "t2", "t3"];
  (await comeIn()).end(1006);
  await vi.advanceTimersByTimeAsync(1000);
  expect(room.getState().connection).toEqual({ phase: "lost", attempt: 2 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(room.getState().connection).toEqual({ phase: "lost", attempt: 3 });
  await vi.advanceTimersByTimeAsync(4000);
  socket().onopen?.();
  socket().tell(welcome());
  await vi.advanceTimersByTimeAsync(10_000);
  socket().end(1001);
  expect(room.getState().connection).toEqual({ phase: "lost", attempt: 1 });
});

test("a network that comes back is not waited for", async () => {
  tickets = ["t1", new Error("offline"), new Error("offline"), "t2"];
  (await comeIn()).end(1006);
  await vi.advanceTimersByTimeAsync(3000);
  room.hurry();
  await vi.advanceTimersByTimeAsync(0);
  expect(sockets).toHaveLength(2);
});

test("a server that never answers is left for another try", async () => {
  room.open();
  await vi.advanceTimersByTimeAsync(15_000);
  expect(phase()).toBe("lost");
  expect(socket().closed).toBe(true);
});

test("who is put out, or refused, does not come again", async () => {
  const { onclose } = await comeIn();
  onclose?.({ code: 1008, reason: "removed" });
  expect(room.getState().connection).toEqual({ phase: "over", reason: "put out" });
  tickets = [null];
  room.open();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(room.getState().connection).toEqual({ phase: "over", reason: "refused" });
  expect(sockets).toHaveLength(1);
});

test("nothing is asked where nobody hears it", async () => {
  expect(room.ask({ type: "raiseHand" })).toBe(false);
  const there = await comeIn();
  expect(room.ask({ type: "chatMessage", message: "hello" })).toBe(true);
  room.close();
  expect(there.sent.slice(1)).toEqual([{ type: "chatMessage", message: "hello" }, { type: "leave" }]);
  expect(room.ask({ type: "raiseHand" })).toBe(false);
});

test("nonsense is passed over", async () => {
  const there = await comeIn();
  const before = room.getState();
  there.onmessage?.({ data: "nonsense" });
  there.onmessage?.({ data: new ArrayBuffer(4) });
  there.tell({ type: "somethingNew", id: "r-9" });
  expect(room.getState()).toBe(before);
});
