import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakePeer } from "../test/fake-peer.ts";
import { type Invitation, WhepPlayer } from "./whep-player.ts";

const INVITATION: Invitation = {
  whepUrl: "http://station/whep/studio",
  token: null,
  iceServers: [{ urls: ["turn:turn.example.org"] }],
};
const ANCHOR_MS = Date.parse("2027-01-15T08:00:00Z");

interface Asked {
  readonly url: string;
  readonly init: RequestInit;
}

let peers: FakePeer[];
let asked: Asked[];
let answer: () => Promise<Response>;
let player: WhepPlayer;

const created = () =>
  new Response("the answer", {
    status: 201,
    headers: {
      Location: "/whep/studio/session",
      "OnAir-Programme-Clock": 'anchor="2027-01-15T08:00:00.000000Z", rate=48000',
    },
  });

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", class {});
  peers = [];
  asked = [];
  answer = async () => created();
  player = new WhepPlayer({
    connect: (configuration) => {
      const peer = new FakePeer(configuration);
      peers.push(peer);
      return peer.connection;
    },
    fetch: (url, init) => {
      asked.push({ url, init });
      return init.method === "DELETE" ? Promise.resolve(new Response()) : answer();
    },
  });
});

afterEach(() => {
  player.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const phase = () => player.getState().phase;
const deleted = () => asked.filter(({ init }) => init.method === "DELETE").map(({ url }) => url);

function peer(): FakePeer {
  const newest = peers.at(-1);
  if (newest === undefined) throw new Error("no peer was made");
  return newest;
}

/** Everything up to the first sound. */
async function hear(rtp = 48_000): Promise<void> {
  player.open(INVITATION);
  await vi.advanceTimersByTimeAsync(0);
  peer().sound(rtp);
  await vi.advanceTimersByTimeAsync(100);
}

test("an invitation becomes a session, in stereo and by the station's ICE servers", async () => {
  player.open(INVITATION);
  expect(phase()).toBe("opening");
  await vi.advanceTimersByTimeAsync(0);
  expect(peer().configuration.iceServers).toEqual(INVITATION.iceServers);
  expect(peer().offered).toContain("a=fmtp:111 stereo=1;minptime=10");
  expect(peer().answered).toBe("the answer");
  expect(asked[0]?.init.headers).toEqual({ "Content-Type": "application/sdp" });
  expect(player.stream).not.toBeNull();
  peer().sound(48_000);
  await vi.advanceTimersByTimeAsync(100);
  expect(phase()).toBe("playing");
});

test("a token is shown", async () => {
  player.open({ ...INVITATION, token: "for-me" });
  await vi.advanceTimersByTimeAsync(0);
  expect(asked[0]?.init.headers).toMatchObject({ Authorization: "Bearer for-me" });
});

test("the moment that leaves the track is told, and goes on between two packets", async () => {
  await hear(48_000);
  peer().sound(96_000);
  expect(player.programTime(null)).toBeCloseTo(ANCHOR_MS + 2000, 3);
  vi.advanceTimersByTime(15);
  expect(player.programTime(null)).toBeCloseTo(ANCHOR_MS + 2015, 3);
});

test("three seconds without a first sound are a failure, and free the place", async () => {
  player.open(INVITATION);
  await vi.advanceTimersByTimeAsync(2900);
  expect(phase()).toBe("opening");
  await vi.advanceTimersByTimeAsync(200);
  expect(player.getState()).toEqual({ phase: "failed", reason: "network" });
  expect(deleted()).toEqual(["http://station/whep/studio/session"]);
  expect(peer().closed).toBe(true);
});

test("three seconds of nothing after the sound are one too", async () => {
  await hear();
  for (let rtp = 52_800; rtp < 480_000; rtp += 4800) {
    peer().sound(rtp);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(phase()).toBe("playing");
  await vi.advanceTimersByTimeAsync(3100);
  expect(phase()).toBe("failed");
});

test("a connection that failed is not waited for", async () => {
  await hear();
  peer().become("disconnected");
  expect(phase()).toBe("playing");
  peer().become("failed");
  expect(phase()).toBe("failed");
});

test("a station that refuses, or cannot be reached, is told apart", async () => {
  answer = async () => new Response(null, { status: 503 });
  player.open(INVITATION);
  await vi.advanceTimersByTimeAsync(0);
  expect(player.getState()).toEqual({ phase: "failed", reason: "server" });
  answer = async () => {
    throw new TypeError("no network");
  };
  player.open(INVITATION);
  await vi.advanceTimersByTimeAsync(0);
  expect(player.getState()).toEqual({ phase: "failed", reason: "network" });
});

test("a session that was made after nobody wanted it any more is ended", async () => {
  let reply: (response: Response) => void = () => {};
  answer = () =>
    new Promise((resolve) => {
      reply = resolve;
    });
  player.open(INVITATION);
  await vi.advanceTimersByTimeAsync(0);
  player.close();
  expect(deleted()).toEqual([]);
  reply(created());
  await vi.advanceTimersByTimeAsync(0);
  expect(deleted()).toEqual(["http://station/whep/studio/session"]);
  expect(phase()).toBe("idle");
  expect(peer().closed).toBe(true);
});

test("after the end nothing happens any more", async () => {
  await hear();
  player.close();
  const { length } = asked;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(phase()).toBe("idle");
  expect(asked).toHaveLength(length);
  expect(player.stream).toBeNull();
  expect(player.programTime(null)).toBeNull();
});
