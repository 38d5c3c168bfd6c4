import { act, cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Recording } from "../../api/recordings.ts";
import type { EngineEvent } from "../../media/engine.ts";
import type { OpenTape, Start } from "../../media/tape.ts";
import { RecordingPage } from "./RecordingPage.tsx";

const player = vi.hoisted(() => ({
  tell: (_event: EngineEvent): void => {
    throw new Error("no tape was opened");
  },
  opened: [] as { url: string; start: Start }[],
}));

vi.mock("../../media/hls-tape.ts", () => {
  const openTape: OpenTape = (_audio, url, start, tell) => {
    player.tell = tell;
    player.opened.push({ url, start });
    return { resume() {}, close() {}, reach: () => ({ from: 0, to: 120 }), programTime: () => null };
  };
  return { openTape };
});

const RECORDING: Recording = {
  id: "r1",
  broadcastId: "studio",
  broadcastTitle: "Studio",
  host: { displayName: "Ada" },
  kind: "recording",
  title: "Morning",
  status: "ready",
  startedAt: "2026-11-20T12:00:00Z",
  durationSeconds: 120,
  hlsUrl: "/live/studio/r/rec/r1/index.m3u8",
  downloadUrl: "/api/recordings/r1/download.m4a",
  opusUrl: "/api/recordings/r1/download.opus",
  peaksUrl: "/api/recordings/r1/peaks",
  chaptersUrl: "/api/recordings/r1/chapters.json",
  replayUrl: "/api/recordings/r1/replay",
};

/** What was said in it. */
const SAID = [
  { id: "m1", position: 10, text: "salaam", author: { id: "amy", name: "Amy", role: "listener" } },
];

let recording: Recording | null;
let isUp: boolean;

beforeEach(() => {
  recording = RECORDING;
  isUp = true;
  player.opened = [];
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    if (!isUp) return new Response(null, { status: 503 });
    if (url.endsWith("/chapters.json")) {
      return Response.json({ version: "1.2.0", chapters: [{ startTime: 65, title: "News" }] });
    }
    if (url.includes("/replay")) {
      return Response.json({ messages: SAID, reactions: [], ranges: [], nextCursor: null });
    }
    if (url.endsWith("/peaks"))
      return Response.json({ version: 2, channels: 1, bits: 8, data: [-1, 1, -2, 2] });
    return recording === null ? new Response(null, { status: 404 }) : Response.json(recording);
  });
  vi.spyOn(HTMLMediaElement.prototype, "play").mockImplementation(async () => {});
  vi.spyOn(HTMLMediaElement.prototype, "pause").mockImplementation(() => {});
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const button = (name: string) => screen.findByRole("button", { name });

const audio = () => document.querySelector("audio") as HTMLAudioElement;

async function say(event: "playing" | "ended"): Promise<void> {
  await act(async () => {
    audio().dispatchEvent(new Event(event));
  });
}

async function play(): Promise<void> {
  render(<RecordingPage id="r1" />);
  await userEvent.click(await button("Play"));
  await vi.waitFor(() => expect(player.opened).toHaveLength(1));
  await act(async () => {
    player.tell({ kind: "advanced", edge: 120, timeline: 0 });
    player.tell({ kind: "closed" });
  });
  await say("playing");
}

test("the page tells whose it is, and where its files are", async () => {
  render(<RecordingPage id="r1" />);
  expect(await screen.findByRole("heading", { name: "Morning" })).toBeDefined();
  expect(screen.getByText("by Ada")).toBeDefined();
  expect(screen.getByRole("link", { name: /M4A/ }).getAttribute("href")).toBe(RECORDING.downloadUrl);
  expect(screen.getByRole("link", { name: /Opus/ }).getAttribute("href")).toBe(RECORDING.opusUrl);
});

test("it plays, pauses, and at its end plays again", async () => {
  await play();
  expect(player.opened).toEqual([{ url: RECORDING.hlsUrl, start: { at: 0 } }]);
  await userEvent.click(await button("Pause"));
  await userEvent.click(await button("Play"));
  await say("playing");
  await say("ended");
  expect(await button("Play again")).toBeDefined();
});

test("a chapter leads to its place, also before anything was played", async () => {
  render(<RecordingPage id="r1" />);
  await userEvent.click(await button("1:05 News"));
  await vi.waitFor(() => expect(player.opened).toEqual([{ url: RECORDING.hlsUrl, start: { at: 65 } }]));
});

test("arrows go ten seconds, and the space bar pauses", async () => {
  await play();
  await userEvent.keyboard("{ArrowRight}{ArrowRight}{ArrowLeft}");
  expect(audio().currentTime).toBe(10);
  expect(screen.getByRole("slider").getAttribute("aria-valuetext")).toBe("0:10 of 2:00");
  (document.activeElement as HTMLElement).blur();
  await userEvent.keyboard(" ");
  expect(await button("Play")).toBeDefined();
});

test("what was said stands there when its moment is heard, and not before", async () => {
  await play();
  expect(await screen.findByText("Nothing had been said by now.")).toBeDefined();
  await userEvent.keyboard("{ArrowRight}");
  expect(await screen.findByText("salaam")).toBeDefined();
  await userEvent.keyboard("{ArrowLeft}");
  expect(await screen.findByText("Nothing had been said by now.")).toBeDefined();
});

test("the speed is chosen", async () => {
  await play();
  await userEvent.selectOptions(screen.getByLabelText("Speed"), "1.5");
  expect(audio().playbackRate).toBe(1.5);
});

test("what is not everybody's is played at the plain address, which the cookie opens", async () => {
  recording = { ...RECORDING, hlsUrl: "/s/token/live/studio/r/rec/r1/index.m3u8" };
  await play();
  expect(player.opened[0]?.url).toBe(RECORDING.hlsUrl);
});

test("one that is being made, or has no sound, says so", async () => {
  recording = { ...RECORDING, status: "recording", hlsUrl: null, durationSeconds: null };
  render(<RecordingPage id="r1" />);
  expect(await screen.findByText("Still being made")).toBeDefined();
  cleanup();
  recording = { ...RECORDING, status: "failed", hlsUrl: null };
  render(<RecordingPage id="r1" />);
  expect(await screen.findByText("There is no sound in it")).toBeDefined();
});

test("one that is not there is said, and so is a server that does not answer", async () => {
  recording = null;
  render(<RecordingPage id="r1" />);
  expect(await screen.findByRole("heading", { name: "There is no such recording" })).toBeDefined();
  cleanup();
  isUp = false;
  render(<RecordingPage id="r1" />);
  expect(await screen.findByText(/does not answer/)).toBeDefined();
});
