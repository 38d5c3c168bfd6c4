import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ChatError, LiveChat } from "./live-chat.mjs";

/** A WebSocket at whose other end is the test. */
class FakeSocket {
  static opened: FakeSocket[] = [];
  readonly url: string;
  readonly sent: unknown[] = [];
  closed = false;
  onopen: () => void = () => {};
  onmessage: (event: { data: string }) => void = () => {};
  onclose: (event: { code: number; reason?: string }) => void = () => {};

  constructor(url: string) {
    this.url = url;
    FakeSocket.opened.push(this);
  }
  send(data: string) {
    this.sent.push(JSON.parse(data));
  }
  close() {
    this.closed = true;
  }
  tell(message: unknown) {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

let asked: { url: string; headers: unknown }[];
let ticket: () => Response;
let chats: LiveChat[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  FakeSocket.opened = [];
  asked = [];
  chats = [];
  ticket = () => Response.json({ ticket: `ticket-${asked.length}` });
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", async (url: string, { headers }: RequestInit) => {
    asked.push({ url, headers });
    return ticket();
  });
});

afterEach(() => {
  for (const chat of chats) chat.disconnect();
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const settle = () => vi.advanceTimersByTimeAsync(0);

function socket(): FakeSocket {
  const newest = FakeSocket.opened.at(-1);
  if (newest === undefined) throw new Error("no socket was opened");
  return newest;
}

const said = (id: string, text: string) => ({
  id,
  text,
  author: { id: "u1", name: "Amy", role: "listener" },
});

const joined = (...messages: object[]) => ({
  type: "joined",
  id: "e1",
  at: "2027-01-15T08:00:00Z",
  you: { id: "u2", name: "John", role: "listener" },
  resumed: false,
  room: {
    messages: messages.map((message) => ({ ...message, at: "2027-01-15T08:00:00Z" })),
    listeners: { total: 7, webrtc: 3, hls: 4 },
  },
});

/** Everything that a chat said to its page. */
interface Heard {
  readonly chat: LiveChat;
  readonly lines: string[];
  readonly counts: number[];
  readonly errors: ChatError[];
}

async function open(accessToken?: string): Promise<Heard> {
  const chat = new LiveChat("studio", 456, "John", "https://radio.example.org/", accessToken);
  chats.push(chat);
  const heard: Heard = { chat, lines: [], counts: [], errors: [] };
  chat.onChat((name, text) => heard.lines.push(`${name}: ${text}`));
  chat.onViewerUpdate((count) => heard.counts.push(count));
  chat.onError((error) => heard.errors.push(error));
  await settle();
  return heard;
}

/** The same, and the room has let it in. */
async function enter(accessToken?: string): Promise<Heard> {
  const heard = await open(accessToken);
  socket().onopen();
  socket().tell(joined());
  return heard;
}

test("it comes in with a ticket, and shows what was said and how many listen", async () => {
  const { chat, lines, counts } = await open("of-john");
  expect(asked).toEqual([
    {
      url: "https://radio.example.org/api/broadcasts/studio/ticket",
      headers: { Authorization: "Bearer of-john" },
    },
  ]);
  expect(socket().url).toBe("wss://radio.example.org/ws/broadcasts/studio");
  socket().onopen();
  expect(socket().sent).toEqual([{ type: "join", ticket: "ticket-1" }]);
  expect(chat.isConnected).toBe(false);
  socket().tell(joined(said("m1", "earlier")));
  socket().tell({ type: "chatMessage", id: "e2", message: said("m2", "now") });
  socket().tell({ type: "listenerCount", id: "e3", listeners: { total: 8, webrtc: 3, hls: 5 } });
  expect(lines).toEqual(["Amy: earlier", "Amy: now"]);
  expect(counts).toEqual([7, 8]);
  expect(chat.isConnected).toBe(true);
});

test("a message has its time, also where only the notice has it", async () => {
  const { chat } = await enter();
  const times: unknown[] = [];
  chat.onChat((_name, _text, { at, programTime }) => times.push([at, programTime]));
  const [at, programTime] = ["2027-01-15T08:00:05Z", "2027-01-15T08:00:04Z"];
  socket().tell({ type: "chatMessage", id: "e2", at, programTime, message: said("m2", "now") });
  expect(times).toEqual([[at, programTime]]);
});

test("a guest asks without a token", async () => {
  await open();
  expect(asked[0]?.headers).toEqual({});
});

test("the address of the station may be one of WebSockets, and the page's own is taken without one", async () => {
  vi.stubGlobal("location", { origin: "http://here:8080" });
  chats.push(new LiveChat(123, 1, "A", "wss://radio.example.org"), new LiveChat(123));
  await settle();
  expect(asked.map(({ url }) => url)).toEqual([
    "https://radio.example.org/api/broadcasts/123/ticket",
    "http://here:8080/api/broadcasts/123/ticket",
  ]);
  expect(socket().url).toBe("ws://here:8080/ws/broadcasts/123");
});

test("callbacks may be assigned as well", async () => {
  const { chat } = await enter();
  const lines: string[] = [];
  const counts: number[] = [];
  chat.onChat = (name, text) => lines.push(`${name} ${text}`);
  chat.onViewerUpdate = (count) => counts.push(count);
  socket().tell({ type: "chatMessage", id: "e2", message: said("m2", "now") });
  socket().tell({ type: "listenerCount", id: "e3", listeners: { total: 8, webrtc: 3, hls: 5 } });
  expect([lines, counts]).toEqual([["Amy now"], [8]]);
});

test("a message of 200 characters is sent, as people count them", async () => {
  const { chat, errors } = await enter();
  expect(chat.sendMessage("👍".repeat(200))).toBe(true);
  expect(socket().sent.at(-1)).toEqual({ type: "chatMessage", message: "👍".repeat(200) });
  expect(chat.sendMessage("é".repeat(201))).toBe(false);
  expect(chat.sendMessage("  ")).toBe(false);
  expect(errors.map(({ code }) => code)).toEqual(["tooLong", "empty"]);
  expect(socket().sent).toHaveLength(2);
});

test("before it is in, nothing is sent", async () => {
  const { chat, errors } = await open();
  expect(chat.sendMessage("hello")).toBe(false);
  expect(errors.map(({ code }) => code)).toEqual(["notConnected"]);
});

test("what the room refuses is told", async () => {
  const { errors } = await enter();
  socket().tell({ type: "error", id: "e2", code: "rate", detail: "too many messages" });
  expect(errors).toEqual([{ code: "rate", detail: "too many messages" }]);
});

test("a connection that is lost is made again, with a new ticket, from where it was", async () => {
  const { lines } = await enter();
  socket().tell({ type: "chatMessage", id: "e2", message: said("m2", "one") });
  socket().onclose({ code: 1006 });
  await vi.advanceTimersByTimeAsync(749);
  expect(FakeSocket.opened).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(FakeSocket.opened).toHaveLength(2);
  socket().onopen();
  expect(socket().sent).toEqual([{ type: "join", ticket: "ticket-2", lastEventId: "e2" }]);
  socket().tell({ ...joined(), resumed: true, room: undefined });
  socket().tell({ type: "chatMessage", id: "e3", message: said("m3", "two") });
  expect(lines).toEqual(["Amy: one", "Amy: two"]);
});

test("a snapshot that has what was shown shows it once", async () => {
  const { lines } = await enter();
  socket().tell({ type: "chatMessage", id: "e2", message: said("m2", "one") });
  socket().onclose({ code: 1001 });
  await vi.advanceTimersByTimeAsync(1000);
  socket().onopen();
  socket().tell(joined(said("m2", "one"), said("m3", "two")));
  expect(lines).toEqual(["Amy: one", "Amy: two"]);
});

test("the waits grow, to half a minute at the most, until a connection has lasted", async () => {
  await open();
  const waits: number[] = [];
  for (let loss = 0; loss < 8; loss++) {
    const { length } = FakeSocket.opened;
    socket().onclose({ code: 1006 });
    let ms = 0;
    for (; FakeSocket.opened.length === length; ms += 250) await vi.advanceTimersByTimeAsync(250);
    waits.push(ms);
  }
  expect(waits).toEqual([750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500]);
  await vi.advanceTimersByTimeAsync(10_000);
  const { length } = FakeSocket.opened;
  socket().onclose({ code: 1006 });
  await vi.advanceTimersByTimeAsync(750);
  expect(FakeSocket.opened).toHaveLength(length + 1);
});

test("a station that is away is asked again, one that refuses is not", async () => {
  ticket = () => new Response(null, { status: 503 });
  const { errors } = await open();
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked).toHaveLength(2);
  ticket = () => Response.json({ detail: "you may not come in" }, { status: 403 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(3);
  expect(errors).toEqual([{ code: "refused", detail: "you may not come in" }]);
});

test.each([
  ["who was put out", () => socket().tell({ type: "removed", id: "e2", userId: "u2", by: "u9" })],
  ["who is banned", () => socket().onclose({ code: 1008, reason: "banned" })],
  ["whose connection was closed for good", () => socket().onclose({ code: 1000 })],
])("%s does not come back", async (_, end) => {
  const { chat } = await enter();
  end();
  expect(chat.isConnected).toBe(false);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).toHaveLength(1);
});

test("a ticket that came too late is another's matter: a new one is asked for, from where the chat was", async () => {
  const { errors } = await enter();
  socket().onclose({ code: 1006 });
  await vi.advanceTimersByTimeAsync(1000);
  socket().onopen();
  socket().tell({ type: "error", id: "0", code: "badTicket", detail: "ask for a new one" });
  socket().onclose({ code: 1008, reason: "badTicket" });
  await vi.advanceTimersByTimeAsync(2000);
  socket().onopen();
  expect(socket().sent).toEqual([{ type: "join", ticket: "ticket-3", lastEventId: "e1" }]);
  expect(errors.map(({ code }) => code)).toEqual(["badTicket"]);
});

test("somebody else who is put out changes nothing", async () => {
  const { chat } = await enter();
  socket().tell({ type: "removed", id: "e2", userId: "u3", by: "u9" });
  expect(chat.isConnected).toBe(true);
});

test("disconnect says goodbye and ends it, also while a ticket is on its way", async () => {
  const { chat } = await enter();
  const left = socket();
  chat.disconnect();
  expect(left.sent.at(-1)).toEqual({ type: "leave" });
  expect(left.closed).toBe(true);
  left.onclose({ code: 1006 });
  const other = new LiveChat("studio", 1, "A", "https://radio.example.org");
  other.disconnect();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(FakeSocket.opened).toHaveLength(1);
});
