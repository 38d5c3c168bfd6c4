import { expect, test } from "vitest";
import { type Both, Crossing, type Step } from "./crossing.ts";
import { Glide } from "./glide.ts";

/** Both ways of a programme, with a time of their own. */
class World {
  nowMs = 0;
  /** HLS plays the moment that WebRTC brought as long ago, in seconds. */
  behind = 1.95;
  /** How wrong the dates are about that. */
  datesAreWrongBy = 0.06;
  quiet = false;
  hlsIsSteady = true;
  bothPlay = true;
  /** The jitter buffer grows by as much, in seconds, at this time. */
  leap = { atMs: Number.POSITIVE_INFINITY, by: 0 };
  #glide = new Glide(0, 0);
  #glideBeganMs = 0;

  get delay(): number {
    return this.#glide.at((this.nowMs - this.#glideBeganMs) / 1000);
  }

  /** By how much WebRTC is behind HLS to the ear, now or at another time. */
  lag(atMs = this.nowMs): number {
    return this.delay - this.behind + this.#buffered(atMs - this.delay * 1000);
  }

  glideTo(seconds: number): void {
    this.#glide = new Glide(this.delay, seconds);
    this.#glideBeganMs = this.nowMs;
  }

  setDelay(seconds: number): void {
    this.#glide = new Glide(seconds, seconds);
  }

  get both(): Both {
    const brought = this.nowMs - this.#buffered(this.nowMs) * 1000;
    return {
      bothPlay: this.bothPlay,
      hlsIsSteady: this.hlsIsSteady,
      isGliding: (this.nowMs - this.#glideBeganMs) / 1000 < this.#glide.length,
      delay: this.delay,
      webrtcMs: brought,
      hlsMs: this.nowMs + (this.datesAreWrongBy - this.behind) * 1000,
      lagByEar: () => (this.quiet || Math.abs(this.lag()) > 0.2 ? null : this.lag()),
    };
  }

  #buffered(atMs: number): number {
    return atMs < this.leap.atMs ? 0 : this.leap.by;
  }

  /** Ticks until the crossing says what satisfies `until`; fails after `seconds`. */
  run(crossing: Crossing, seconds: number): void {
    for (const endMs = this.nowMs + seconds * 1000; this.nowMs < endMs; this.nowMs += 100) {
      const step = crossing.step(this.both, this.nowMs);
      if (step.kind === "cross") return;
      if (step.kind === "delay") {
        if (crossing.to === "webrtc") this.setDelay(step.seconds);
        else this.glideTo(step.seconds);
      }
    }
    throw new Error(`no crossing within ${seconds} s`);
  }
}

test("to WebRTC: it is held back to where HLS is, and crosses there", () => {
  const world = new World();
  world.run(new Crossing("webrtc"), 5);
  expect(Math.abs(world.lag())).toBeLessThan(0.005);
});

test("to HLS: WebRTC slows down to where HLS is, and crosses there", () => {
  const world = new World();
  world.run(new Crossing("hls"), 90);
  expect(Math.abs(world.lag())).toBeLessThan(0.005);
});

test("a jitter buffer that still finds its size is waited for: what it did is heard only later", () => {
  const world = new World();
  world.leap = { atMs: 1500, by: 0.05 };
  world.run(new Crossing("webrtc"), 10);
  expect(Math.abs(world.lag(world.nowMs + 2000))).toBeLessThan(0.005);
});

test("in silence the dates decide", () => {
  const world = new World();
  world.quiet = true;
  world.run(new Crossing("webrtc"), 10);
  expect(Math.abs(world.lag() + world.datesAreWrongBy)).toBeLessThan(0.025);
});

test("before both play nothing happens", () => {
  const world = new World();
  world.bothPlay = false;
  const crossing = new Crossing("webrtc");
  expect(() => world.run(crossing, 100)).toThrow("no crossing");
  world.bothPlay = true;
  world.run(crossing, 5);
  expect(Math.abs(world.lag())).toBeLessThan(0.005);
});

test("while HLS hurries or stands nothing is compared", () => {
  const world = new World();
  world.hlsIsSteady = false;
  const crossing = new Crossing("webrtc");
  expect(() => world.run(crossing, 20)).toThrow("no crossing");
  expect(world.delay).toBe(0);
});

test("an HLS that never becomes steady keeps nobody for ever", () => {
  const world = new World();
  world.hlsIsSteady = false;
  world.run(new Crossing("webrtc"), 32);
  expect(world.nowMs).toBeGreaterThan(29_000);
});

test("a WebRTC that is behind HLS cannot be brought forward, and crosses as it is", () => {
  const world = new World();
  world.behind = -0.05;
  world.run(new Crossing("webrtc"), 5);
  expect(world.delay).toBe(0);
});

test("two that never agree cross in the end", () => {
  const crossing = new Crossing("webrtc");
  const world = new World();
  const steps: Step[] = [];
  for (let nowMs = 0; nowMs < 60_000 && steps.at(-1)?.kind !== "cross"; nowMs += 100) {
    world.nowMs = nowMs;
    steps.push(crossing.step({ ...world.both, delay: 1.95, lagByEar: () => 0.1 }, nowMs));
  }
  expect(steps.at(-1)).toEqual({ kind: "cross" });
  expect(steps.filter(({ kind }) => kind === "delay")).toHaveLength(8);
});
