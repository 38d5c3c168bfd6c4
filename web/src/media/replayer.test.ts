import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeAudio } from "../test/fake-audio.ts";
import type { EngineEvent } from "./engine.ts";
import { Replayer } from "./replayer.ts";
import type { Reach, Start, Tape } from "./tape.ts";

class FakeTape implements Tape {
  resumed = 0;
  closed = false;
  heardAt: number | null = null;
  span: Reach | null = null;
  readonly start: Start;
  readonly tell: (event: EngineEvent) => void;

  constructor(start: Start, tell: (event: EngineEvent) => void) {
    this.start = start;
    this.tell = tell;
  }

  resume(): void {
    this.resumed += 1;
  }
  close(): void {
    this.closed = true;
  }
  reach(): Reach | null {
    return this.span;
  }
  programTime(): number | null {
    return this.heardAt;
  }
}

let tapes: FakeTape[];
let audio: FakeAudio;
let player: Replayer;

beforeEach(() => {
  vi.useFakeTimers();
  tapes = [];
  audio = new FakeAudio();
  player = new Replayer({
    open: (_audio, _url, start, tell) => {
      const tape = new FakeTape(start, tell);
      tapes.push(tape);
      return tape;
    },
    serverNow: () => 1_000_000,
    random: () => 0.999,
  });
});

afterEach(() => {
  player.close();
  vi.useRealTimers();
});

const phase = () => player.getState().phase;

function tape(): FakeTape {
  const newest = tapes.at(-1);
  if (newest === undefined) throw new Error("no tape was opened");
  return newest;
}

/** What goes on, 100 s of it, heard at its 60th. */
function hearLive(): void {
  player.attach(audio.element, "/live/studio/dvr.m3u8", { behind: 40 });
  tape().span = { from: 0, to: 100 };
  tape().heardAt = 1_000_000 - 42_000;
  tape().tell({ kind: "advanced", edge: 100, timeline: 0 });
  audio.currentTime = 60;
  audio.say("playing");
}

/** A minute that is complete, heard from its beginning. */
function hearRecording(): void {
  player.attach(audio.element, "/live/studio/r/rec/x/index.m3u8", { at: 0 });
  tape().span = { from: 0, to: 60 };
  tape().tell({ kind: "advanced", edge: 60, timeline: 0 });
  tape().tell({ kind: "closed" });
  audio.say("playing");
}

test("what goes on is heard behind live, and how far is told by the programme's clock", () => {
  hearLive();
  expect(tape().start).toEqual({ behind: 40 });
  expect(player.getState()).toMatchObject({
    phase: "playing",
    position: 60,
    isLive: true,
    behindSeconds: 42,
  });
});

test("between two playlists the end goes on with the clock", () => {
  hearLive();
  vi.advanceTimersByTime(2000);
  expect(player.getState().reach).toEqual({ from: 0, to: 102 });
});

test("a seek stays within what is kept, and short of where there is nothing yet", () => {
  hearLive();
  player.seek(-5);
  expect(audio.currentTime).toBe(0);
  player.seek(500);
  expect(audio.currentTime).toBe(97);
  player.step(-30);
  expect(player.getState().position).toBe(67);
});

test("a recording ends where it ends, and plays from its beginning again", () => {
  hearRecording();
  player.seek(500);
  expect(audio.currentTime).toBe(60);
  audio.say("ended");
  expect(phase()).toBe("ended");
  player.play();
  expect(audio.currentTime).toBe(0);
  audio.say("playing");
  expect(phase()).toBe("playing");
});

test("pause is not the end: it goes on from there", () => {
  hearRecording();
  audio.currentTime = 12;
  player.pause();
  expect(player.getState()).toMatchObject({ phase: "paused", position: 12 });
  player.play();
  audio.say("playing");
  expect(phase()).toBe("playing");
  expect(tapes).toHaveLength(1);
});

test("a tape that breaks is opened again at the same place", () => {
  hearRecording();
  audio.currentTime = 12;
  vi.advanceTimersByTime(250);
  tape().tell({ kind: "broken", reason: "media" });
  expect(phase()).toBe("recovering");
  vi.advanceTimersByTime(500);
  expect(tapes.map(({ closed, start }) => ({ closed, start }))).toEqual([
    { closed: true, start: { at: 0 } },
    { closed: false, start: { at: 12 } },
  ]);
});

test("what goes on is opened again as far behind as it was", () => {
  hearLive();
  tape().tell({ kind: "broken", reason: "network" });
  vi.advanceTimersByTime(500);
  // It stood still while the end went on.
  expect(tape().start).toEqual({ behind: 40.25 });
});

test("a loss is mended while what is at hand plays on", () => {
  hearLive();
  tape().tell({ kind: "lost", reason: "network" });
  expect(phase()).toBe("playing");
  vi.advanceTimersByTime(500);
  expect(tape().resumed).toBe(1);
});

test("nothing kept is told, and not asked for again", () => {
  player.attach(audio.element, "/live/studio/dvr.m3u8", { behind: 30 });
  tape().tell({ kind: "absent" });
  vi.advanceTimersByTime(60_000);
  expect(phase()).toBe("absent");
  expect(tapes).toHaveLength(1);
});

test("a browser that wants a gesture gets one", async () => {
  audio.allowed = false;
  player.attach(audio.element, "/x.m3u8", { at: 0 });
  await vi.advanceTimersByTimeAsync(0);
  expect(phase()).toBe("blocked");
  audio.allowed = true;
  player.play();
  audio.say("playing");
  expect(phase()).toBe("playing");
});

test("the speed is one of those offered, and stays with what is opened next", () => {
  hearRecording();
  player.setSpeed(1.5);
  player.setSpeed(16);
  expect(audio.playbackRate).toBe(1.5);
  audio.playbackRate = 1;
  hearRecording();
  expect(audio.playbackRate).toBe(1.5);
});
