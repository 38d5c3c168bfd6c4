import { act, cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Broadcast } from "../../api/broadcasts.ts";
import type { Engine, EngineEvent, OpenEngine } from "../../media/engine.ts";
import type { OpenTape, Start } from "../../media/tape.ts";
import { ListenPage } from "./ListenPage.tsx";

const station = vi.hoisted(() => ({
  tell: (_event: EngineEvent): void => {
    throw new Error("no engine was opened");
  },
  opened: [] as string[],
  tapes: [] as { url: string; start: Start }[],
}));

vi.mock("../../media/hls-engine.ts", () => {
  const openEngine: OpenEngine = (_audio, url, tell) => {
    station.tell = tell;
    station.opened.push(url);
    return {
      resume() {},
      close() {},
      holdBack: () => 1.92,
      partTarget: () => 0.64,
      programTime: () => Date.now() - 2100,
    } satisfies Engine;
  };
  return { openEngine };
});

vi.mock("../../media/hls-tape.ts", () => {
  const openTape: OpenTape = (_audio, url, start, tell) => {
    station.tapes.push({ url, start });
    queueMicrotask(() => tell({ kind: "advanced", edge: 100, timeline: 0 }));
    return { resume() {}, close() {}, reach: () => ({ from: 0, to: 100 }), programTime: () => null };
  };
  return { openTape };
});

let broadcast: Broadcast | null;
let recordings: { id: string }[];
let allowed: boolean;
let beats: number;

const STUDIO: Broadcast = {
  id: "studio",
  title: "Morning studio",
  status: "live",
  startedAt: new Date(Date.now() - 61 * 60_000).toISOString(),
  listenerCount: 12,
  description: "",
  scheduledStartTime: null,
  coverUrl: null,
  host: { id: "u1", username: "ada", displayName: "Ada", avatarUrl: null },
  playback: { hlsUrl: "/live/studio/index.m3u8", whepUrl: null },
};

beforeEach(() => {
  broadcast = STUDIO;
  allowed = true;
  beats = 0;
  station.opened = [];
  station.tapes = [];
  recordings = [];
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    if (url.endsWith("/api/time")) return Response.json({ now: new Date().toISOString() });
    if (url.endsWith("/heartbeat")) {
      beats += 1;
      return new Response(null, { status: 404 });
    }
    if (url.includes("/api/recordings")) return Response.json({ items: recordings });
    if (url.endsWith("/playback")) return Response.json({ expiresAt: null });
    return broadcast === null ? new Response(null, { status: 404 }) : Response.json(broadcast);
  });
  vi.spyOn(HTMLMediaElement.prototype, "play").mockImplementation(async () => {
    if (!allowed) throw new DOMException("no gesture", "NotAllowedError");
  });
  vi.spyOn(HTMLMediaElement.prototype, "pause").mockImplementation(() => {});
});

afterEach(() => {
  localStorage.clear();
  // The page closes its player, which pauses the element, before the element is itself again.
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function open(): Promise<void> {
  render(
    <MemoryRouter>
      <ListenPage id="studio" />
    </MemoryRouter>,
  );
  await screen.findByRole("heading", { name: broadcast?.title ?? "studio" });
}

async function press(name: string): Promise<void> {
  await userEvent.click(await screen.findByRole("button", { name }));
}

async function say(event: "playing" | "ended"): Promise<void> {
  await act(async () => {
    document.querySelector("audio")?.dispatchEvent(new Event(event));
  });
}

async function tell(event: EngineEvent): Promise<void> {
  await act(async () => station.tell(event));
}

async function listen(): Promise<void> {
  await open();
  await press("Listen");
  await vi.waitFor(() => expect(station.opened).toEqual(["/live/studio/index.m3u8"]));
}

const status = () => screen.getByRole("status").textContent;

test("a live broadcast invites to listen, and says how long and how many", async () => {
  await open();
  expect(await screen.findByText("12 listeners")).toBeDefined();
  expect(screen.getByText("On air for 1 h 1 min")).toBeDefined();
  expect(screen.getByText("Live")).toBeDefined();
  expect(screen.getByRole("button", { name: "Listen" })).toBeDefined();
});

test("Listen opens, then plays, counts the listener and shows the latency", async () => {
  await listen();
  expect(status()).toContain("Opening");
  await say("playing");
  expect(status()).toContain("Listening");
  expect(beats).toBe(1);
  expect(await screen.findByText(/^2\.[12] s$/)).toBeDefined();
  expect(screen.getByRole("slider", { name: "Volume" })).toBeDefined();
});

test("in a frame there is the sound and what it is called, and no picture", async () => {
  broadcast = { ...STUDIO, description: "What it is about", coverUrl: "/covers/1.webp" };
  render(
    <MemoryRouter>
      <ListenPage id="studio" small />
    </MemoryRouter>,
  );
  expect(await screen.findByRole("button", { name: "Listen" })).toBeDefined();
  expect(screen.queryByText("What it is about")).toBeNull();
  expect(document.querySelector("svg, img")).toBeNull();
  cleanup();
  await open();
  expect(await screen.findByText("What it is about")).toBeDefined();
  expect(document.querySelector("img")?.getAttribute("src")).toMatch(/\/covers\/1\.webp$/);
});

test("a cover that lies elsewhere is not asked for", async () => {
  broadcast = { ...STUDIO, coverUrl: "https://elsewhere.example/1.webp" };
  await open();
  expect(document.querySelector("img")).toBeNull();
});

test("Stop stops", async () => {
  await listen();
  await say("playing");
  await press("Stop");
  expect(screen.getByRole("button", { name: "Listen" })).toBeDefined();
  expect(screen.queryByRole("slider")).toBeNull();
});

test("before the broadcast Listen waits for it", async () => {
  broadcast = null;
  await open();
  expect(status()).toContain("Not live yet");
  await press("Listen");
  await vi.waitFor(() => expect(station.opened).toHaveLength(1));
  await tell({ kind: "absent" });
  expect(status()).toContain("Waiting");
});

test("a browser that wants one more tap is told to the listener", async () => {
  allowed = false;
  await open();
  await press("Listen");
  expect(await screen.findByText("One more tap")).toBeDefined();
  allowed = true;
  await press("Turn on the sound");
  await say("playing");
  expect(status()).toContain("Listening");
});

test("while the sound is away the page says so and asks for nothing", async () => {
  await listen();
  await say("playing");
  await tell({ kind: "broken", reason: "network" });
  expect(status()).toContain("Getting the sound back");
  expect(status()).toContain("The connection was lost.");
  await say("playing");
  expect(status()).toContain("Listening");
});

test("the end is said, and nothing is left to press", async () => {
  broadcast = { ...STUDIO, status: "ended" };
  await open();
  await vi.waitFor(() => expect(status()).toContain("The broadcast has ended"));
  expect(screen.queryByRole("button")).toBeNull();
});

test("a broadcast that ends while it is heard ends on the page", async () => {
  await listen();
  await say("playing");
  broadcast = { ...STUDIO, status: "ended" };
  await tell({ kind: "closed" });
  await say("ended");
  expect(status()).toMatch(/ended|again/);
});

test("what changes is in a live region, the counting latency is not", async () => {
  await listen();
  await say("playing");
  const latency = await screen.findByText(/^2\.[12] s$/);
  expect(screen.getByRole("status").contains(latency)).toBe(false);
});

test("a station without WebRTC offers no choice", async () => {
  await listen();
  await say("playing");
  expect(screen.queryByLabelText("Sound by")).toBeNull();
});

test("where there is WebRTC the page says by which way the sound comes, and lets choose", async () => {
  broadcast = { ...STUDIO, playback: { ...STUDIO.playback, whepUrl: "/whep/studio" } };
  await open();
  const choice = await screen.findByLabelText("Sound by");
  await userEvent.selectOptions(choice, "hls");
  expect((choice as HTMLSelectElement).value).toBe("hls");
  await press("Listen");
  await vi.waitFor(() => expect(station.opened).toHaveLength(1));
  await say("playing");
  expect(screen.getByText("You hear HLS.")).toBeDefined();
  expect(beats).toBe(1);
});

test("who wants less data hears HLS, now and the next time", async () => {
  broadcast = { ...STUDIO, playback: { ...STUDIO.playback, whepUrl: "/whep/studio" } };
  await open();
  await userEvent.selectOptions(await screen.findByLabelText("Quality"), "least");
  const way = () => screen.getByLabelText("Sound by") as HTMLSelectElement;
  expect(way().value).toBe("hls");
  cleanup();
  await open();
  expect(((await screen.findByLabelText("Quality")) as HTMLSelectElement).value).toBe("least");
  expect(way().value).toBe("hls");
  await userEvent.selectOptions(screen.getByLabelText("Quality"), "auto");
  expect(way().value).toBe("auto");
});

test("a browser that saves data is given less of it", async () => {
  vi.stubGlobal("navigator", Object.assign(Object.create(navigator), { connection: { saveData: true } }));
  await open();
  expect(((await screen.findByLabelText("Quality")) as HTMLSelectElement).value).toBe("least");
});

test("the sleep timer is there while there is sound, and says how long that is", async () => {
  await open();
  await screen.findByLabelText("Quality");
  expect(screen.queryByLabelText("Sleep timer")).toBeNull();
  await press("Listen");
  await vi.waitFor(() => expect(station.opened).toHaveLength(1));
  await say("playing");
  await userEvent.selectOptions(await screen.findByLabelText("Sleep timer"), "30");
  expect(screen.getByText("Stops in 30 min.")).toBeDefined();
  await press("Stop");
  await press("Listen");
  expect(((await screen.findByLabelText("Sleep timer")) as HTMLSelectElement).value).toBe("");
});

test("with the sleep timer a broadcast that is over does not begin again in the night", async () => {
  await listen();
  await say("playing");
  await userEvent.selectOptions(await screen.findByLabelText("Sleep timer"), "end");
  await tell({ kind: "broken", reason: "network" });
  broadcast = { ...STUDIO, status: "ended" };
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.waitFor(() => expect(screen.queryByRole("button", { name: "Stop" })).toBeNull());
});

/** Says `playing` of what is kept. */
async function hearKept(): Promise<void> {
  await vi.waitFor(() => expect(station.tapes).toHaveLength(1));
  await act(async () => {
    document.querySelectorAll("audio")[1]?.dispatchEvent(new Event("playing"));
  });
}

test("thirty seconds back, and back to live", async () => {
  await listen();
  await say("playing");
  await press("Back 30 s");
  expect(status()).toContain("Going back");
  await hearKept();
  const [tape] = station.tapes;
  expect(tape?.url).toBe("/live/studio/dvr.m3u8");
  expect(tape?.start).toEqual({ behind: expect.closeTo(32, 0) });
  expect(status()).toContain("Listening behind live");
  expect(screen.getByRole("slider", { name: "What is kept of this broadcast" })).toBeDefined();
  await press("Back to live");
  await say("playing");
  expect(status()).toContain("You hear what is happening now.");
  expect(station.opened).toHaveLength(2);
});

test("an arrow goes back as well, and Stop stops all of it", async () => {
  await listen();
  await say("playing");
  await userEvent.keyboard("{ArrowLeft}");
  await hearKept();
  expect(station.tapes[0]?.start).toEqual({ behind: expect.closeTo(12, 0) });
  await press("Stop");
  expect(screen.getByRole("button", { name: "Listen" })).toBeDefined();
});

test("a broadcast that is over leads to its recording", async () => {
  broadcast = { ...STUDIO, status: "ended" };
  recordings = [{ id: "r1" }];
  await open();
  const link = await screen.findByRole("link", { name: "Hear it again" });
  expect(link.getAttribute("href")).toBe("/r/r1");
});
