import { beforeEach, expect, test } from "vitest";

import { Elsewhere } from "./elsewhere.ts";

let did: string[];

/** As much of an audio element as is needed. */
class FakeElement extends EventTarget {
  preload = "";
  src = "";
  readonly canPlay: string;

  constructor(canPlay: string) {
    super();
    this.canPlay = canPlay;
  }

  canPlayType(): string {
    return this.canPlay;
  }

  async play(): Promise<void> {
    did.push("play");
  }

  pause(): void {
    did.push("pause");
  }

  removeAttribute(): void {
    this.src = "";
  }
}

/** One of a browser that has the Remote Playback API. */
class RemoteElement extends FakeElement {
  tell: (isThere: boolean) => void = () => {};
  readonly remote = Object.assign(new EventTarget(), {
    watchAvailability: async (tell: (isThere: boolean) => void) => {
      this.tell = tell;
      return 7;
    },
    cancelWatchAvailability: async (id: number) => {
      did.push(`forget ${id}`);
    },
    prompt: async () => {
      did.push("prompt");
    },
  });
}

/** One of WebKit. */
class TargetElement extends FakeElement {
  webkitCurrentPlaybackTargetIsWireless = false;

  webkitShowPlaybackTargetPicker(): void {
    did.push("picker");
  }
}

beforeEach(() => {
  did = [];
});

const watch = (element: FakeElement) => {
  const elsewhere = new Elsewhere();
  elsewhere.watch(element as unknown as HTMLAudioElement, "/live/studio/index.m3u8");
  return elsewhere;
};

test("a device is offered, plays, and gives the sound back", async () => {
  const element = new RemoteElement("maybe");
  const elsewhere = watch(element);
  expect([elsewhere.getState(), element.preload, element.src]).toEqual([
    "none",
    "none",
    "/live/studio/index.m3u8",
  ]);
  element.tell(true);
  expect(elsewhere.getState()).toBe("there");
  elsewhere.choose();
  element.remote.dispatchEvent(new Event("connect"));
  expect([elsewhere.getState(), did]).toEqual(["playing", ["prompt", "play"]]);
  element.remote.dispatchEvent(new Event("disconnect"));
  expect([elsewhere.getState(), did.at(-1)]).toEqual(["there", "pause"]);
  await Promise.resolve();
  elsewhere.close();
  expect([elsewhere.getState(), element.src, did.at(-2)]).toEqual(["none", "", "forget 7"]);
});

test("AirPlay is offered where there is a device, and not before", () => {
  const element = new TargetElement("maybe");
  const elsewhere = watch(element);
  const devices = (availability: string) =>
    element.dispatchEvent(
      Object.assign(new Event("webkitplaybacktargetavailabilitychanged"), { availability }),
    );
  devices("not-available");
  expect(elsewhere.getState()).toBe("none");
  devices("available");
  expect(elsewhere.getState()).toBe("there");
  elsewhere.choose();
  element.webkitCurrentPlaybackTargetIsWireless = true;
  element.dispatchEvent(new Event("webkitcurrentplaybacktargetiswirelesschanged"));
  expect([elsewhere.getState(), did]).toEqual(["playing", ["picker", "play"]]);
});

test("a browser that plays no HLS by itself, or knows no devices, offers nothing", () => {
  const none = new RemoteElement("");
  expect([watch(none).getState(), none.src]).toEqual(["none", ""]);
  expect(watch(new FakeElement("maybe")).getState()).toBe("none");
});
