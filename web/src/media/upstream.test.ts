import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FakePeer } from "../test/fake-peer.ts";
import { StagePeer } from "./stage-peer.ts";
import type { UpstreamParts } from "./upstream.ts";
import { WhipPublisher } from "./whip-publisher.ts";

const TRACK = { id: "microphone" } as unknown as MediaStreamTrack;
const OTHER = { id: "another" } as unknown as MediaStreamTrack;

let peers: FakePeer[];
let asked: { method: string; url: string; body: unknown; headers: unknown }[];
/** What the next POSTs are answered with; 201 when there is nothing more. */
let answers: (Response | Error)[];
let parts: UpstreamParts;
let publisher: WhipPublisher;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("location", { href: "http://station/studio/studio" });
  peers = [];
  asked = [];
  answers = [];
  parts = {
    connect: (configuration) => {
      const peer = new FakePeer(configuration);
      peers.push(peer);
      return peer.connection;
    },
    fetch: async (url, { method = "GET", body, headers }) => {
      asked.push({ method, url, body, headers });
      if (method === "DELETE") return new Response(null, { status: 200 });
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return (
        answer ?? new Response("answer", { status: 201, headers: { Location: `/session/${peers.length}` } })
      );
    },
    token: async () => "token",
    iceServers: async () => [{ urls: "turn:relay" }],
    random: () => 0.999,
  };
  publisher = new WhipPublisher(parts);
});

afterEach(() => {
  publisher.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const refusal = (status: number) => Response.json({ detail: "no" }, { status });
const settle = () => vi.advanceTimersByTimeAsync(0);

function peer(): FakePeer {
  const newest = peers.at(-1);
  if (newest === undefined) throw new Error("nothing was connected");
  return newest;
}

async function goLive(): Promise<FakePeer> {
  publisher.open("/whip/studio", TRACK, "voice");
  await settle();
  peer().become("connected");
  return peer();
}

test("a track goes out as whoever is signed in", async () => {
  const { offered, answered, configuration, sections } = await goLive();
  expect(publisher.getState()).toEqual({ phase: "live" });
  expect(offered).toBe("a=fmtp:111 minptime=10;useinbandfec=1\r\na=sendrecv\r\n");
  expect(answered).toBe("answer");
  expect(peer().maxBitrate).toBe(64_000);
  expect(configuration.iceServers).toEqual([{ urls: "turn:relay" }]);
  expect(sections).toEqual([{ direction: "sendonly", track: TRACK }]);
  expect(asked[0]?.headers).toEqual({ "Content-Type": "application/sdp", Authorization: "Bearer token" });
});

test("music is offered in stereo, and gets twice the bits", async () => {
  publisher.open("/whip/studio", TRACK, "music");
  await settle();
  peer().become("connected");
  expect(peer().offered).toContain("minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1");
  expect(peer().maxBitrate).toBe(128_000);
});

test("a connection that breaks is made anew, with the microphone that is chosen by then", async () => {
  const first = await goLive();
  await publisher.setTrack(OTHER);
  expect(first.sections[0]?.track).toBe(OTHER);
  first.become("failed");
  expect(publisher.getState()).toEqual({ phase: "recovering", attempt: 1 });
  await vi.advanceTimersByTimeAsync(500);
  expect(peer()).not.toBe(first);
  expect(peer().sections[0]?.track).toBe(OTHER);
  expect(first.closed).toBe(true);
  expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "POST /whip/studio",
    "DELETE http://station/session/1",
    "POST /whip/studio",
  ]);
  peer().become("connected");
  expect(publisher.getState()).toEqual({ phase: "live" });
});

test("packets that stop for a moment are waited for", async () => {
  const first = await goLive();
  first.become("disconnected");
  await vi.advanceTimersByTimeAsync(3900);
  first.become("connected");
  await vi.advanceTimersByTimeAsync(20_000);
  expect(publisher.getState()).toEqual({ phase: "live" });
  first.become("disconnected");
  await vi.advanceTimersByTimeAsync(4000);
  expect(publisher.getState()).toEqual({ phase: "recovering", attempt: 1 });
});

test("a station that is away is tried again, ever more slowly, and at once when the network is back", async () => {
  answers = [new TypeError("no network"), refusal(503), new TypeError("no network")];
  publisher.open("/whip/studio", TRACK, "voice");
  await settle();
  expect(publisher.getState()).toEqual({ phase: "recovering", attempt: 1 });
  await vi.advanceTimersByTimeAsync(500);
  await vi.advanceTimersByTimeAsync(1000);
  expect(publisher.getState()).toEqual({ phase: "recovering", attempt: 3 });
  publisher.hurry();
  await settle();
  peer().become("connected");
  expect(publisher.getState()).toEqual({ phase: "live" });
});

test("a connection that never comes about is given up for another", async () => {
  publisher.open("/whip/studio", TRACK, "voice");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(publisher.getState()).toEqual({ phase: "recovering", attempt: 1 });
});

test("a refusal that would not change is the end, and says why", async () => {
  answers = [refusal(403)];
  publisher.open("/whip/studio", TRACK, "voice");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(publisher.getState()).toEqual({ phase: "refused", status: 403, detail: "no" });
  expect(asked).toHaveLength(1);
});

test("a place that is taken may be one's own from before, but not for ever", async () => {
  answers = [refusal(409), refusal(409)];
  publisher.open("/whip/studio", TRACK, "voice");
  await vi.advanceTimersByTimeAsync(1500);
  peer().become("connected");
  expect(publisher.getState()).toEqual({ phase: "live" });
  answers = Array.from({ length: 9 }, () => refusal(409));
  peer().become("failed");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(publisher.getState()).toMatchObject({ phase: "refused", status: 409 });
});

test("closing ends the session at the station, also one that is made too late", async () => {
  await goLive();
  publisher.close();
  await settle();
  expect(asked.at(-1)).toMatchObject({ method: "DELETE", url: "http://station/session/1" });
  expect(peer().closed).toBe(true);
  publisher.open("/whip/studio", TRACK, "voice");
  await settle();
  publisher.close();
  await settle();
  expect(asked.at(-1)).toMatchObject({ method: "DELETE", url: "http://station/session/2" });
});

test("the connection says how it does", async () => {
  const live = await goLive();
  const outbound = (bytesSent: number, timestamp: number) => ({ type: "outbound-rtp", bytesSent, timestamp });
  live.stats = [outbound(1000, 0)];
  await vi.advanceTimersByTimeAsync(2000);
  live.stats = [
    outbound(17_000, 2000),
    { type: "remote-inbound-rtp", fractionLost: 0.05, roundTripTime: 0.0404, jitter: 0.003 },
  ];
  await vi.advanceTimersByTimeAsync(2000);
  expect(publisher.getHealth()).toEqual({ kilobits: 64, loss: 0.05, roundTripMs: 40, jitterMs: 3 });
  live.become("failed");
  expect(publisher.getHealth().kilobits).toBeNull();
});

test("on stage one hears eight voices, and sees who speaks", async () => {
  const playing = new Set<unknown>();
  let tellSlots = (_json: string): void => {};
  const followed: string[] = [];
  const stage = new StagePeer({
    ...parts,
    play: () => {
      const voice = {};
      playing.add(voice);
      return () => playing.delete(voice);
    },
    follow: (session, onSlots) => {
      followed.push(session);
      tellSlots = onSlots;
      return () => followed.pop();
    },
  });
  stage.open("/stage/studio", TRACK);
  await settle();
  peer().become("connected");
  expect(peer().sections.map(({ direction }) => direction)).toEqual([
    "sendonly",
    ...Array.from({ length: 8 }, () => "recvonly"),
  ]);
  expect(playing.size).toBe(8);
  expect(followed).toEqual(["http://station/session/1"]);
  tellSlots(JSON.stringify({ voice: 1, slots: [{ voice: 2, userId: "bob", publisher: false }, null] }));
  peer().voices = [0.3, 0.5];
  await vi.advanceTimersByTimeAsync(200);
  expect([...stage.getSpeaking()]).toEqual(["bob"]);
  tellSlots("nonsense");
  peer().voices = [0.001];
  await vi.advanceTimersByTimeAsync(200);
  expect([...stage.getSpeaking()]).toEqual([]);

  peer().become("failed");
  expect([playing.size, followed.length]).toEqual([0, 0]);
  await vi.advanceTimersByTimeAsync(500);
  peer().become("connected");
  expect(playing.size).toBe(8);
  stage.close();
  expect([playing.size, followed.length]).toEqual([0, 0]);
});
