import { beforeEach, expect, test } from "vitest";
import { FakeAudio } from "../test/fake-audio.ts";
import type { PlayerState } from "./player-state.ts";
import type { ReplayPhase, ReplayState } from "./replayer.ts";
import { type Places, Rewind } from "./rewind.ts";
import type { Start } from "./tape.ts";

/** Something with a state that a test sets. */
class Told<T> {
  #listeners: (() => void)[] = [];
  #state: T;
  constructor(state: T) {
    this.#state = state;
  }
  getState = (): T => this.#state;
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.push(listener);
    return () => {};
  };
  become(state: T): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

class FakeLive extends Told<PlayerState> {
  attached = 0;
  attach(): void {
    this.attached += 1;
    this.become({ phase: "opening" });
  }
  close(): void {
    this.become({ phase: "idle" });
  }
}

class FakeKept extends Told<ReplayState> {
  opened: { url: string; start: Start }[] = [];
  sought: number[] = [];
  attach(_audio: HTMLAudioElement, url: string, start: Start): void {
    this.opened.push({ url, start });
    this.say("opening");
  }
  seek(position: number): void {
    this.sought.push(position);
  }
  close(): void {
    this.say("idle");
  }
  say(phase: ReplayPhase): void {
    this.become({ ...this.getState(), phase });
  }
}

let live: FakeLive;
let kept: FakeKept;
let rewind: Rewind;

const places: Places = {
  live: new FakeAudio().element,
  kept: new FakeAudio().element,
  addresses: { hlsUrl: "/live/studio/index.m3u8", whepUrl: null },
};

beforeEach(() => {
  live = new FakeLive({ phase: "playing", latencySeconds: 2 });
  kept = new FakeKept({
    phase: "idle",
    reason: "network",
    position: 60,
    reach: { from: 0, to: 100 },
    isLive: true,
    behindSeconds: null,
    speed: 1,
  });
  rewind = new Rewind({ live, kept });
});

function goBehind(): void {
  rewind.back(30, places);
  kept.say("playing");
}

test("live is heard until the earlier sound is there, and not a moment longer", () => {
  rewind.back(30, places);
  expect(kept.opened).toEqual([{ url: "/live/studio/dvr.m3u8", start: { behind: 32 } }]);
  expect(rewind.getMode()).toBe("going back");
  expect(live.getState().phase).toBe("playing");
  kept.say("playing");
  expect(rewind.getMode()).toBe("behind");
  expect(live.getState().phase).toBe("idle");
});

test("back to live the earlier sound is heard until live is there", () => {
  goBehind();
  rewind.toLive(places);
  expect(rewind.getMode()).toBe("returning");
  expect(kept.getState().phase).toBe("playing");
  live.become({ phase: "playing", latencySeconds: 2 });
  expect(rewind.getMode()).toBe("live");
  expect(kept.getState().phase).toBe("idle");
  expect(live.attached).toBe(1);
});

test("steps go through what is kept, and at its end to live", () => {
  goBehind();
  rewind.back(30, places);
  rewind.back(-30, places);
  expect(kept.sought).toEqual([30, 90]);
  rewind.seek(95, places);
  expect(rewind.getMode()).toBe("returning");
});

test("where nothing is kept live stays", () => {
  rewind.back(30, places);
  kept.say("absent");
  expect(rewind.getMode()).toBe("live");
  expect(live.getState().phase).toBe("playing");
});

test("who thinks better of it on the way back stays live", () => {
  rewind.back(30, places);
  rewind.toLive(places);
  expect(rewind.getMode()).toBe("live");
  expect(live.attached).toBe(0);
  expect(kept.getState().phase).toBe("idle");
});

test("a live that does not come leaves the earlier sound on", () => {
  goBehind();
  rewind.toLive(places);
  live.become({ phase: "ended" });
  expect(rewind.getMode()).toBe("behind");
  expect(kept.getState().phase).toBe("playing");
});

test("heard to its end, it is over", () => {
  goBehind();
  kept.say("ended");
  expect(rewind.getMode()).toBe("live");
  expect(live.getState().phase).toBe("idle");
});

test("nothing goes back before there is sound, or forward from live", () => {
  rewind.back(-30, places);
  live.become({ phase: "opening" });
  rewind.back(30, places);
  expect(kept.opened).toEqual([]);
});

test("to close it ends both, also on the way", () => {
  rewind.back(30, places);
  rewind.close();
  expect(rewind.getMode()).toBe("live");
  expect([live.getState().phase, kept.getState().phase]).toEqual(["idle", "idle"]);
});
