import { expect, test } from "vitest";

import { type Devices, Microphone, type Treatment } from "./microphone.ts";

const VOICE: Treatment = { echo: true, noise: true, gain: false, music: false };

class FakeTrack extends EventTarget {
  enabled = true;
  stopped = false;
  stop() {
    this.stopped = true;
  }
}

/** A browser with these microphones, which says yes unless a test has it say something else. */
function scene() {
  const tracks: FakeTrack[] = [];
  const asked: MediaTrackConstraints[] = [];
  const browser = { says: null as DOMException | null, later: Promise.resolve(), open: 0 };
  const devices = {
    getUserMedia: async ({ audio }: MediaStreamConstraints) => {
      asked.push(audio as MediaTrackConstraints);
      await browser.later;
      if (browser.says !== null) throw browser.says;
      const track = new FakeTrack();
      tracks.push(track);
      return { getTracks: () => [track], getAudioTracks: () => [track] };
    },
    enumerateDevices: async () => [
      { kind: "audioinput", deviceId: "default", label: "Default" },
      { kind: "audioinput", deviceId: "usb", label: "USB" },
      { kind: "videoinput", deviceId: "cam", label: "Camera" },
    ],
    addEventListener() {},
    removeEventListener() {},
  } as unknown as Devices;
  const microphone = new Microphone({
    devices,
    measure: () => {
      browser.open += 1;
      return { level: () => ({ peak: -6, rms: -12 }), close: () => (browser.open -= 1) };
    },
  });
  return { microphone, browser, tracks, asked };
}

test("whoever says yes has a microphone, its level and a choice", async () => {
  const { microphone, asked } = scene();
  expect(microphone.level().peak).toBe(Number.NEGATIVE_INFINITY);
  expect(await microphone.open(null, VOICE)).toBe(true);
  expect(microphone.getState()).toEqual({ phase: "on", deviceId: null, isMuted: false });
  expect(microphone.getDevices()).toEqual([{ id: "usb", label: "USB" }]);
  expect(microphone.level().peak).toBe(-6);
  expect(asked).toEqual([
    { echoCancellation: true, noiseSuppression: true, autoGainControl: false, channelCount: 1 },
  ]);
});

test("music is left as it is, in stereo", async () => {
  const { microphone, asked } = scene();
  await microphone.open("usb", { ...VOICE, music: true });
  expect(asked[0]).toEqual({
    deviceId: { exact: "usb" },
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
    channelCount: 2,
  });
});

test("muted stays muted on another device, and the first is let go", async () => {
  const { microphone, tracks, browser } = scene();
  await microphone.open(null, VOICE);
  microphone.mute(true);
  await microphone.open("usb", VOICE);
  expect(tracks.map(({ enabled, stopped }) => [enabled, stopped])).toEqual([
    [false, true],
    [false, false],
  ]);
  expect(browser.open).toBe(1);
  microphone.close();
  expect(tracks[1]?.stopped).toBe(true);
  expect(browser.open).toBe(0);
});

test("what goes wrong has a name", async () => {
  const reasons = ["NotAllowedError", "NotFoundError", "NotReadableError"];
  for (const [nth, reason] of ["denied", "missing", "busy"].entries()) {
    const { microphone, browser } = scene();
    browser.says = new DOMException("no", reasons[nth]);
    expect(await microphone.open(null, VOICE)).toBe(false);
    expect(microphone.getState()).toEqual({ phase: "failed", reason });
  }
  const plain = new Microphone({
    devices: undefined,
    measure: () => ({ level: () => ({ peak: 0, rms: 0 }), close() {} }),
  });
  await plain.open(null, VOICE);
  expect(plain.getState()).toEqual({ phase: "failed", reason: "insecure" });
});

test("a microphone that is pulled out is told", async () => {
  const { microphone, tracks } = scene();
  await microphone.open(null, VOICE);
  tracks[0]?.dispatchEvent(new Event("ended"));
  expect(microphone.getState()).toEqual({ phase: "failed", reason: "missing" });
});

test("a yes that comes after the page was left is given back", async () => {
  const { microphone, browser, tracks } = scene();
  let answer = (): void => {};
  browser.later = new Promise((resolve) => {
    answer = resolve;
  });
  const opened = microphone.open(null, VOICE);
  microphone.close();
  answer();
  expect(await opened).toBe(false);
  expect(tracks[0]?.stopped).toBe(true);
  expect(microphone.getState()).toEqual({ phase: "off" });
});
