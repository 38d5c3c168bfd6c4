import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeAudio, ranges } from "../test/fake-audio.ts";
import type { Engine, EngineEvent } from "./engine.ts";
import { HlsPlayer } from "./hls-player.ts";

const URL = "/live/studio/index.m3u8";
const HOLD_BACK = 1.92;

class FakeEngine implements Engine {
  resumed = 0;
  closed = false;
  heardAt: number | null = null;
  readonly tell: (event: EngineEvent) => void;

  constructor(tell: (event: EngineEvent) => void) {
    this.tell = tell;
  }

  resume(): void {
    this.resumed += 1;
  }
  close(): void {
    this.closed = true;
  }
  holdBack(): number {
    return HOLD_BACK;
  }
  partTarget(): number {
    return 0.64;
  }
  programTime(): number | null {
    return this.heardAt;
  }
}

let engines: FakeEngine[];
let audio: FakeAudio;
let player: HlsPlayer;
let serverNow: number | null;

beforeEach(() => {
  vi.useFakeTimers();
  engines = [];
  audio = new FakeAudio();
  serverNow = null;
  player = new HlsPlayer({
    open: (_audio, _url, tell) => {
      const engine = new FakeEngine(tell);
      engines.push(engine);
      return engine;
    },
    serverNow: () => serverNow,
    random: () => 0.999,
  });
});

afterEach(() => {
  player.close();
  vi.useRealTimers();
});

const phase = () => player.getState().phase;

function engine(): FakeEngine {
  const newest = engines.at(-1);
  if (newest === undefined) throw new Error("no engine was opened");
  return newest;
}

/** Everything up to the first sound: two playlists, an edge at 100 s, the playhead at the hold-back. */
function hear(): void {
  player.attach(audio.element, URL);
  engine().tell({ kind: "advanced", edge: 99.36, timeline: 0 });
  engine().tell({ kind: "advanced", edge: 100, timeline: 0 });
  audio.currentTime = 100 - HOLD_BACK;
  audio.buffered = ranges([90, 100]);
  audio.say("playing");
}

/** The sound runs dry and stays so for `ms`. */
function silence(ms: number): void {
  audio.say("waiting");
  vi.advanceTimersByTime(ms);
}

test("Listen opens the programme and plays it", () => {
  player.attach(audio.element, URL);
  expect(phase()).toBe("opening");
  expect(audio.plays).toBe(1);
  audio.say("playing");
  expect(phase()).toBe("playing");
});

test("before the programme the player waits, asks again, and begins by itself", () => {
  player.attach(audio.element, URL);
  engine().tell({ kind: "absent" });
  expect(phase()).toBe("waiting");
  for (let question = 2; question <= 20; question++) {
    vi.advanceTimersByTime(2500);
    expect(engines).toHaveLength(question);
    engine().tell({ kind: "absent" });
    expect(phase()).toBe("waiting");
  }
  vi.advanceTimersByTime(2500);
  audio.say("playing");
  expect(phase()).toBe("playing");
});

test("a browser that wants a gesture gets a screen for it, and plays on the second tap", async () => {
  audio.allowed = false;
  player.attach(audio.element, URL);
  await vi.advanceTimersByTimeAsync(0);
  expect(phase()).toBe("blocked");
  audio.allowed = true;
  player.unblock();
  expect(phase()).toBe("opening");
  audio.say("playing");
  expect(phase()).toBe("playing");
});

test("a loss that nobody hears is mended without a word", () => {
  hear();
  engine().tell({ kind: "lost", reason: "network" });
  expect(phase()).toBe("playing");
  vi.advanceTimersByTime(250);
  expect(engine().resumed).toBe(1);
  expect(phase()).toBe("playing");
});

test("a silence is told, and so is the return of the sound", () => {
  hear();
  silence(300);
  expect(phase()).toBe("playing");
  vi.advanceTimersByTime(200);
  expect(phase()).toBe("recovering");
  audio.say("playing");
  expect(phase()).toBe("playing");
});

test("a server away for a minute is asked again and again, and never given up", () => {
  hear();
  engine().tell({ kind: "lost", reason: "network" });
  silence(500);
  const until = Date.now() + 60_000;
  const asked = () => engines.reduce((questions, { resumed }) => questions + 1 + resumed, 0);
  let answered = asked();
  while (Date.now() < until) {
    vi.advanceTimersByTime(50);
    if (asked() === answered) continue;
    answered = asked();
    engine().tell({ kind: engines.length > 1 ? "broken" : "lost", reason: "network" });
  }
  expect(phase()).toBe("recovering");
  expect(answered).toBeGreaterThan(15);
  expect(answered).toBeLessThan(30);
});

test("after the return of the network the next loss is mended as fast as the first", () => {
  hear();
  for (let loss = 0; loss < 10; loss++) {
    engine().tell({ kind: "lost", reason: "network" });
    vi.advanceTimersByTime(250);
    expect(engine().resumed).toBe(loss + 1);
    engine().tell({ kind: "advanced", edge: 101 + loss, timeline: 0 });
  }
});

test("an engine that stays silent is replaced", () => {
  hear();
  silence(4100);
  expect(engines[0]?.closed).toBe(true);
  vi.advanceTimersByTime(250);
  expect(engines).toHaveLength(2);
});

test("media that the browser refuses gets a new engine", () => {
  hear();
  engine().tell({ kind: "broken", reason: "media" });
  silence(500);
  expect(engines).toHaveLength(2);
  expect(phase()).toBe("recovering");
  audio.say("playing");
  expect(phase()).toBe("playing");
});

test("slots that nobody filled are hopped over", () => {
  hear();
  audio.currentTime = 100;
  audio.buffered = ranges([90, 100], [107.52, 112]);
  engine().tell({ kind: "advanced", edge: 112, timeline: 0 });
  silence(200);
  expect(audio.currentTime).toBeGreaterThan(107.52);
  expect(audio.currentTime).toBeLessThan(112.1 - HOLD_BACK);
});

test("a publisher that drops is silence, and silence is played like everything else", () => {
  hear();
  for (let part = 1; part <= 20; part++) {
    for (let step = 0; step < 64; step++) {
      vi.advanceTimersByTime(10);
      audio.currentTime += 0.01;
    }
    engine().tell({ kind: "advanced", edge: 100 + part * 0.64, timeline: 0 });
  }
  expect(phase()).toBe("playing");
  expect(engines).toHaveLength(1);
  expect(audio.playbackRate).toBe(1);
});

test("a listener who joined late is put at the hold-back, later ones are hurried there", () => {
  player.attach(audio.element, URL);
  engine().tell({ kind: "advanced", edge: 99.5, timeline: 0 });
  engine().tell({ kind: "advanced", edge: 100, timeline: 0 });
  audio.currentTime = 97;
  audio.buffered = ranges([96, 100]);
  audio.say("playing");
  vi.advanceTimersByTime(100);
  expect(audio.currentTime).toBeCloseTo(100 - HOLD_BACK, 3);
  vi.advanceTimersByTime(1000);
  audio.currentTime = 98;
  vi.advanceTimersByTime(100);
  expect(audio.currentTime).toBe(98);
  expect(audio.playbackRate).toBe(1.05);
});

test("after a stall nobody is hurried for a minute: the playhead jumps while the ear is fresh", () => {
  hear();
  vi.advanceTimersByTime(2000);
  silence(2000);
  engine().tell({ kind: "advanced", edge: 104, timeline: 0 });
  audio.buffered = ranges([90, 104]);
  audio.say("playing");
  vi.advanceTimersByTime(100);
  // The stall has widened the distance by half a part.
  expect(audio.currentTime).toBeCloseTo(104.1 - HOLD_BACK - 0.32, 1);
});

/** A restarted server: a short segment ends at 100 s, and the clock has gone on by 4 s more than media time. */
function restarted(): void {
  hear();
  audio.currentTime = 100;
  silence(4000 - 100);
  engine().tell({ kind: "advanced", edge: 100.64, timeline: 1 });
  audio.buffered = ranges([90, 100.64]);
}

test("after a restart the edge is where the new timeline has it", () => {
  restarted();
  audio.say("playing");
  engine().tell({ kind: "advanced", edge: 104, timeline: 1 });
  audio.buffered = ranges([90, 104]);
  vi.advanceTimersByTime(100);
  expect(audio.currentTime).toBeCloseTo(104.1 - HOLD_BACK - 0.32, 1);
});

test("sound that comes back too close to the edge is held until the hold-back is there, then flows", () => {
  restarted();
  audio.say("playing");
  expect(audio.playbackRate).toBe(0);
  vi.advanceTimersByTime(1200);
  expect(audio.playbackRate).toBe(0);
  vi.advanceTimersByTime(200);
  expect(audio.playbackRate).toBeGreaterThan(0.9);
});

test("a hold ends with its engine", () => {
  restarted();
  audio.say("playing");
  engine().tell({ kind: "broken", reason: "media" });
  vi.advanceTimersByTime(300);
  expect(engines).toHaveLength(2);
  expect(audio.playbackRate).toBe(1);
});

test("a hold ends with the programme", () => {
  restarted();
  audio.say("playing");
  engine().tell({ kind: "closed" });
  vi.advanceTimersByTime(100);
  expect(audio.playbackRate).toBe(1);
});

test("what a new engine begins with is not played when it was heard before", () => {
  hear();
  engine().heardAt = 1_000_000;
  vi.advanceTimersByTime(100);
  silence(500);
  engine().tell({ kind: "broken", reason: "network" });
  vi.advanceTimersByTime(500);
  expect(engines).toHaveLength(2);
  audio.currentTime = 50;
  audio.buffered = ranges([50, 51.5]);
  engine().heardAt = 1_000_000 - 1500;
  audio.say("playing");
  vi.advanceTimersByTime(200);
  expect([audio.currentTime, audio.playbackRate, phase()]).toEqual([50, 0, "recovering"]);
  audio.buffered = ranges([50, 52]);
  vi.advanceTimersByTime(100);
  expect(audio.currentTime).toBe(51.5);
  engine().heardAt = 1_000_001;
  vi.advanceTimersByTime(100);
  expect([audio.playbackRate, phase()]).toEqual([1, "playing"]);
});

test("the first playlist alone moves nothing: it may be a part old", () => {
  player.attach(audio.element, URL);
  engine().tell({ kind: "advanced", edge: 100, timeline: 0 });
  audio.currentTime = 97;
  audio.buffered = ranges([96, 100]);
  audio.say("playing");
  vi.advanceTimersByTime(500);
  expect(audio.currentTime).toBe(97);
  expect(audio.playbackRate).toBe(1);
});

test("the latency is the server's clock minus the programme's, in tenths", () => {
  hear();
  expect(player.getState()).toEqual({ phase: "playing", latencySeconds: null });
  serverNow = 1_000_000;
  engine().heardAt = 1_000_000 - 2140;
  vi.advanceTimersByTime(1000);
  expect(player.getState()).toEqual({ phase: "playing", latencySeconds: 2.1 });
});

test("a state is the same object until it changes", () => {
  hear();
  const before = player.getState();
  let calls = 0;
  const unsubscribe = player.subscribe(() => {
    calls += 1;
  });
  vi.advanceTimersByTime(3000);
  expect(player.getState()).toBe(before);
  expect(calls).toBe(0);
  player.close();
  unsubscribe();
  player.attach(audio.element, URL);
  expect(calls).toBe(1);
});

test("a programme with an end is heard out", () => {
  hear();
  engine().tell({ kind: "closed" });
  expect(phase()).toBe("playing");
  audio.ended = true;
  audio.say("pause");
  audio.say("ended");
  expect(phase()).toBe("ended");
  expect(engine().closed).toBe(true);
});

test("a programme whose last breath the browser keeps to itself has ended all the same", () => {
  hear();
  engine().tell({ kind: "closed" });
  audio.currentTime = 99.92;
  silence(100);
  expect(phase()).toBe("ended");
});

test("an outage over the end does not begin the recording", () => {
  hear();
  engine().tell({ kind: "broken", reason: "network" });
  vi.advanceTimersByTime(250);
  engine().tell({ kind: "advanced", edge: 130, timeline: 0 });
  engine().tell({ kind: "closed" });
  expect(phase()).toBe("ended");
});

test("a programme that ended before Listen is not played from its beginning", () => {
  player.attach(audio.element, URL);
  engine().tell({ kind: "closed" });
  expect(phase()).toBe("ended");
  vi.advanceTimersByTime(60_000);
  expect(engines).toHaveLength(1);
});

test("a headset's pause button stops the player", () => {
  hear();
  audio.pause();
  expect(phase()).toBe("idle");
  expect(engine().closed).toBe(true);
});

test("close ends everything, also a retry that waits", () => {
  hear();
  engine().tell({ kind: "broken", reason: "network" });
  player.close();
  expect(vi.getTimerCount()).toBe(0);
  expect(engines).toHaveLength(1);
  expect(phase()).toBe("idle");
});
