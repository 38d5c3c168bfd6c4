import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeAudio, ranges } from "../test/fake-audio.ts";
import { FakePeer } from "../test/fake-peer.ts";
import type { Desk, Transport } from "./desk.ts";
import type { EngineEvent } from "./engine.ts";
import { Glide } from "./glide.ts";
import { HlsPlayer } from "./hls-player.ts";
import { type Addresses, type Advice, Receiver } from "./receiver.ts";
import { WhepPlayer } from "./whep-player.ts";

const ADDRESSES: Addresses = { hlsUrl: "/live/studio/index.m3u8", whepUrl: "/whep/studio" };
const ANCHOR_MS = Date.parse("2027-01-15T08:00:00Z");

/** HLS is as far behind WebRTC, in seconds. */
const BEHIND = 1.9;

/** A desk that notes what is done at it. */
class FakeDesk {
  isRunning = true;
  heard: Transport | null = null;
  tookHls = false;
  hasWebrtc = false;
  #glide = new Glide(0, 0);
  #glideBeganMs = 0;

  async resume(): Promise<void> {
    this.isRunning = true;
    this.#tell();
  }
  async rest(): Promise<void> {}
  closed = false;
  async close(): Promise<void> {
    this.closed = true;
  }
  #tell: () => void = () => {};
  onRunning(listener: () => void): void {
    this.#tell = listener;
  }
  /** The browser stops it, as for a call. */
  interrupt(): void {
    this.isRunning = false;
    this.#tell();
  }
  takeHls(): void {
    this.tookHls = true;
  }
  takeWebrtc(stream: MediaStream | null): void {
    this.hasWebrtc = stream !== null;
  }
  volume = 1;
  setVolume(volume: number): void {
    this.volume = volume;
  }
  get delay(): number {
    return this.#glide.at((performance.now() - this.#glideBeganMs) / 1000);
  }
  get isGliding(): boolean {
    return performance.now() < this.#glideBeganMs + this.#glide.length * 1000;
  }
  setDelay(seconds: number): void {
    this.#glide = new Glide(seconds, seconds);
  }
  hold(): void {
    this.setDelay(this.delay);
  }
  glideTo(seconds: number): void {
    this.#glide = new Glide(this.delay, seconds);
    this.#glideBeganMs = performance.now();
  }
  crossTo(transport: Transport): void {
    this.heard = transport;
  }
  lag(): number | null {
    const lag = this.delay - BEHIND;
    return Math.abs(lag) < 0.2 ? lag : null;
  }
}

let audio: FakeAudio;
let desk: FakeDesk;
let peers: FakePeer[];
let engines: { url: string; tell: (event: EngineEvent) => void; closed: boolean }[];
let advice: () => Promise<Advice>;
let receiver: Receiver;
let takesHls: boolean;
/** The network lets WebRTC through. */
let open: boolean;

/** The station's clock, and the moment of the programme that WebRTC brings. */
const now = () => ANCHOR_MS + performance.now();

function make(): Receiver {
  return new Receiver({
    hls: new HlsPlayer({
      open: (_audio, url, tell) => {
        const engine = { url, tell, closed: false };
        engines.push(engine);
        return {
          resume() {},
          close() {
            engine.closed = true;
          },
          holdBack: () => 1.92,
          partTarget: () => 0.64,
          programTime: () => now() - BEHIND * 1000,
        };
      },
      serverNow: now,
      random: () => 0.5,
    }),
    whep: new WhepPlayer({
      connect: (configuration) => {
        const peer = new FakePeer(configuration);
        peers.push(peer);
        return peer.connection;
      },
      fetch: async () =>
        new Response("answer", {
          status: 201,
          headers: {
            Location: "http://station/whep/studio/session",
            "OnAir-Programme-Clock": 'anchor="2027-01-15T08:00:00.000000Z", rate=48000',
          },
        }),
    }),
    ask: () => advice(),
    openDesk: () => desk as unknown as Desk,
    takesHls,
    serverNow: now,
    random: () => 0.5,
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("MediaStream", class {});
  vi.stubGlobal("location", { href: "http://station/listen/studio" });
  audio = new FakeAudio();
  desk = new FakeDesk();
  peers = [];
  engines = [];
  open = true;
  takesHls = true;
  const invitation = { whepUrl: "/whep/studio", token: null, iceServers: [] };
  advice = async () => ({ transport: "webrtc", invitation });
  receiver = make();
});

afterEach(() => {
  receiver.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const phase = () => receiver.getState().phase;
const heard = () => receiver.getRoute().heard;

/** Lets time pass, in which WebRTC brings sound where it can. */
async function pass(seconds: number): Promise<void> {
  for (let ms = 0; ms < seconds * 1000; ms += 20) {
    const peer = peers.at(-1);
    if (open && peer?.answered && !peer.closed) peer.sound(Math.round(performance.now() * 48));
    await vi.advanceTimersByTimeAsync(20);
  }
}

/** HLS begins to play. */
function hlsPlays(): void {
  const engine = engines.at(-1);
  engine?.tell({ kind: "advanced", edge: 100, timeline: 0 });
  audio.currentTime = 98.1;
  audio.buffered = ranges([90, 100]);
  audio.say("playing");
}

/** Listens until WebRTC is heard. */
async function hearWebrtc(): Promise<void> {
  receiver.attach(audio.element, ADDRESSES);
  await pass(0.5);
  expect(heard()).toBe("webrtc");
}

/** Listens until HLS is heard. */
async function hearHls(): Promise<void> {
  receiver.choose("hls");
  receiver.attach(audio.element, ADDRESSES);
  hlsPlays();
  await pass(0.5);
  expect(heard()).toBe("hls");
}

test("where the station keeps a place WebRTC is heard, and how late", async () => {
  await hearWebrtc();
  await pass(2);
  expect(engines).toHaveLength(0);
  expect(desk.heard).toBe("webrtc");
  expect(receiver.getState()).toEqual({ phase: "playing", latencySeconds: 0 });
});

test("where it keeps none, or does not say, HLS is", async () => {
  for (const answer of [
    async (): Promise<Advice> => ({ transport: "hls", invitation: null }),
    async (): Promise<Advice> => {
      throw new TypeError("no network");
    },
  ]) {
    advice = answer;
    receiver.attach(audio.element, ADDRESSES);
    await pass(0.1);
    hlsPlays();
    expect(heard()).toBe("hls");
    expect(peers).toHaveLength(0);
  }
});

test("a station without WebRTC is heard as ever, and no desk stands between", async () => {
  receiver.attach(audio.element, { ...ADDRESSES, whepUrl: null });
  hlsPlays();
  expect(phase()).toBe("playing");
  expect(desk.tookHls).toBe(false);
  receiver.setVolume(0.4);
  expect(audio.element.volume).toBe(0.4);
});

test("WebRTC that is not there within three seconds becomes HLS, and is tried again beside it", async () => {
  open = false;
  receiver.attach(audio.element, ADDRESSES);
  await pass(2.8);
  expect(engines).toHaveLength(0);
  await pass(0.4);
  expect(engines).toHaveLength(1);
  hlsPlays();
  expect(heard()).toBe("hls");
  open = true;
  await pass(30);
  expect(heard()).toBe("webrtc");
  expect(engines.every(({ closed }) => closed)).toBe(true);
});

test("a network that never lets it through is left alone in the end", async () => {
  open = false;
  receiver.attach(audio.element, ADDRESSES);
  await pass(3.5);
  hlsPlays();
  await pass(600);
  expect(peers).toHaveLength(5);
  expect(heard()).toBe("hls");
  expect(engines).toHaveLength(1);
});

test("WebRTC that breaks becomes HLS", async () => {
  await hearWebrtc();
  peers.at(-1)?.become("failed");
  expect(engines).toHaveLength(1);
  expect(desk.heard).toBe("hls");
  hlsPlays();
  expect(heard()).toBe("hls");
});

test("from HLS to WebRTC: both play, cross where they meet, and WebRTC comes forward", async () => {
  await hearHls();
  receiver.choose("webrtc");
  await pass(1);
  expect(receiver.getRoute()).toMatchObject({ heard: "hls", movingTo: "webrtc" });
  expect(desk.heard).toBe("hls");
  await pass(5);
  expect(receiver.getRoute()).toMatchObject({ heard: "webrtc", movingTo: null });
  expect(engines.every(({ closed }) => closed)).toBe(true);
  await pass(60);
  expect(desk.delay).toBeCloseTo(0, 6);
});

test("from WebRTC to HLS: it slows down to where HLS is, and crosses there", async () => {
  await hearWebrtc();
  receiver.choose("hls");
  await pass(0.1);
  hlsPlays();
  await pass(30);
  expect(receiver.getRoute()).toMatchObject({ heard: "webrtc", movingTo: "hls" });
  await pass(40);
  expect(receiver.getRoute()).toMatchObject({ heard: "hls", movingTo: null });
  expect(desk.delay).toBeCloseTo(BEHIND, 2);
  expect(desk.hasWebrtc).toBe(false);
  expect(peers.every(({ closed }) => closed)).toBe(true);
});

test("WebRTC that breaks on the way to HLS hands over at once", async () => {
  await hearWebrtc();
  receiver.choose("hls");
  await pass(0.1);
  hlsPlays();
  await pass(10);
  peers.at(-1)?.become("failed");
  expect(heard()).toBe("hls");
  expect(engines).toHaveLength(1);
});

test("whoever changes their mind stays, and comes forward again", async () => {
  await hearWebrtc();
  receiver.choose("hls");
  await pass(0.1);
  hlsPlays();
  await pass(10);
  expect(desk.delay).toBeGreaterThan(0.1);
  receiver.choose("webrtc");
  await pass(30);
  expect(receiver.getRoute()).toEqual({ heard: "webrtc", movingTo: null, choice: "webrtc" });
  expect(desk.delay).toBeCloseTo(0, 6);
  expect(engines.every(({ closed }) => closed)).toBe(true);
});

test("whoever is about to speak is there at once", async () => {
  await hearHls();
  receiver.leap();
  await pass(0.5);
  expect(heard()).toBe("webrtc");
  expect(desk.delay).toBe(0);
});

test("HLS that waited for the broadcast moves to WebRTC when there is something to hear", async () => {
  const places = advice;
  advice = async () => ({ transport: "hls", invitation: null });
  receiver.attach(audio.element, ADDRESSES);
  await pass(0.1);
  engines.at(-1)?.tell({ kind: "absent" });
  expect(phase()).toBe("waiting");
  advice = places;
  await pass(3);
  hlsPlays();
  await pass(8);
  expect(heard()).toBe("webrtc");
});

test("a place that frees is taken by who hears HLS, and by nobody who chose it", async () => {
  const webrtc = advice;
  advice = async () => ({ transport: "hls", invitation: null });
  receiver.attach(audio.element, ADDRESSES);
  await pass(0.1);
  hlsPlays();
  await pass(1);
  expect(receiver.programTime()).toBeCloseTo(now() - BEHIND * 1000, 0);
  receiver.choose("hls");
  advice = webrtc;
  receiver.offered();
  await pass(1);
  expect(receiver.getRoute()).toMatchObject({ heard: "hls", movingTo: null });
  advice = async () => ({ transport: "hls", invitation: null });
  receiver.choose("auto");
  await pass(1);
  expect(receiver.getRoute()).toMatchObject({ heard: "hls", movingTo: null });
  advice = webrtc;
  receiver.offered();
  await pass(30);
  expect(heard()).toBe("webrtc");
  // As far as the desk holds it back, so much earlier is what is heard.
  expect(receiver.programTime()).toBeCloseTo(now() - desk.delay * 1000, -2);
});

test("a browser that stops the desk wants a tap, and plays on after it", async () => {
  await hearWebrtc();
  desk.interrupt();
  expect(phase()).toBe("blocked");
  expect(heard()).toBeNull();
  receiver.unblock();
  expect(phase()).toBe("playing");
});

test("somebody who pauses the element wants to stop", async () => {
  await hearHls();
  audio.pause();
  expect(phase()).toBe("idle");
  await pass(60);
  expect(peers).toHaveLength(0);
});

test("the end of the broadcast is the end", async () => {
  await hearHls();
  engines.at(-1)?.tell({ kind: "closed" });
  audio.ended = true;
  audio.say("ended");
  expect(phase()).toBe("ended");
});

test("an end that HLS learns first, on the way to it, is the end", async () => {
  await hearWebrtc();
  receiver.choose("hls");
  await pass(0.1);
  hlsPlays();
  engines.at(-1)?.tell({ kind: "closed" });
  audio.ended = true;
  audio.say("ended");
  expect(heard()).toBe("webrtc");
  peers.at(-1)?.become("failed");
  expect(phase()).toBe("ended");
});

test("a page that is left gives its desk back", async () => {
  await hearWebrtc();
  receiver.close();
  expect(desk.closed).toBe(false);
  receiver.dispose();
  expect(desk.closed).toBe(true);
  expect(phase()).toBe("idle");
});

test("where the desk may not take HLS the element itself is silenced", async () => {
  takesHls = false;
  receiver = make();
  await hearWebrtc();
  expect(desk.tookHls).toBe(false);
  expect(audio.element.muted).toBe(true);
  peers.at(-1)?.become("failed");
  expect(audio.element.muted).toBe(false);
});

test("the volume is that of all there is", async () => {
  receiver.setVolume(0.5);
  await hearWebrtc();
  expect(desk.volume).toBe(0.5);
  expect(receiver.volume).toBe(0.5);
});

test("after the end nothing happens any more", async () => {
  await hearWebrtc();
  receiver.close();
  expect(receiver.getRoute()).toEqual({ heard: null, movingTo: null, choice: "auto" });
  await pass(60);
  expect(phase()).toBe("idle");
  expect(peers).toHaveLength(1);
  expect(engines).toHaveLength(0);
});
