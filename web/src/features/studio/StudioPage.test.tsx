import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Room } from "../../signal/room.ts";
import { FakePeer } from "../../test/fake-peer.ts";
import { FakeSocket } from "../../test/fake-socket.ts";
import { StudioPage } from "./StudioPage.tsx";

const TALK = {
  id: "b1",
  title: "Talk",
  status: "scheduled",
  startedAt: null as string | null,
  ingest: {
    streamKey: "sesame",
    rtmpStreamKey: "b1?token=sesame",
    rtmpUrl: "rtmp://radio.example/live",
    whipUrl: "https://radio.example/whip/b1",
  } as object | null,
};

let broadcast: typeof TALK;
let webrtc: boolean;
let asked: string[];
let peers: FakePeer[];
/** What the browser says when it is asked for a microphone. */
let microphone: () => Promise<object>;

beforeEach(() => {
  broadcast = TALK;
  webrtc = true;
  asked = [];
  peers = [];
  const track = Object.assign(new EventTarget(), { enabled: true, stop() {} });
  microphone = async () => ({ getTracks: () => [track], getAudioTracks: () => [track] });
  vi.stubGlobal("fetch", async (input: Request | string, init?: RequestInit) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input, location.origin);
    const method = input instanceof Request ? input.method : (init?.method ?? "GET");
    if (method !== "GET") asked.push(`${method} ${pathname}`);
    if (pathname === "/api/time") return Response.json({ now: new Date().toISOString() });
    if (pathname === "/api/config") return Response.json({ webrtc });
    if (pathname === "/api/recordings") return Response.json({ items: [], total: 0 });
    if (pathname.endsWith("/playback")) return Response.json({ iceServers: [] });
    if (pathname === "/whip/b1") {
      return new Response("answer", { status: 201, headers: { Location: "/whip/b1/session" } });
    }
    return Response.json(broadcast);
  });
  vi.stubGlobal("navigator", {
    ...navigator,
    onLine: true,
    userAgent: "",
    mediaDevices: {
      getUserMedia: () => microphone(),
      enumerateDevices: async () => [{ kind: "audioinput", deviceId: "usb", label: "USB" }],
      addEventListener() {},
      removeEventListener() {},
    },
  });
  vi.stubGlobal(
    "AudioContext",
    class {
      resume = async () => {};
      close = async () => {};
      createMediaStreamSource = () => ({ connect() {} });
    },
  );
  vi.stubGlobal(
    "AnalyserNode",
    class {
      fftSize = 32;
      getFloatTimeDomainData = (samples: Float32Array) => samples.fill(0.25);
    },
  );
  vi.stubGlobal("RTCPeerConnection", function connect(configuration: RTCConfiguration) {
    const peer = new FakePeer(configuration);
    peers.push(peer);
    return peer;
  });
});

afterEach(() => vi.unstubAllGlobals());

function open(): void {
  const parts = { ticket: async () => null, connect: () => new FakeSocket(), now: () => 0, random: () => 0 };
  const room = { room: new Room(parts), state: null, stage: () => null, chat: null, asking: null };
  render(
    <MemoryRouter>
      <StudioPage id="b1" room={room} />
    </MemoryRouter>,
  );
}

const goLive = async () => (await screen.findByRole("button", { name: "Go live" })) as HTMLButtonElement;

test("a studio is its host's alone", async () => {
  broadcast = { ...TALK, ingest: null };
  open();
  expect(await screen.findByText("Only its host opens the studio of a broadcast.")).toBeDefined();
});

test("with a microphone the host goes live, and is asked before they end it", async () => {
  open();
  expect((await goLive()).disabled).toBe(true);
  await userEvent.click(screen.getByRole("button", { name: "Allow the microphone" }));
  await vi.waitFor(async () => expect((await goLive()).disabled).toBe(false));
  await userEvent.click(await goLive());
  await vi.waitFor(() => expect(peers.at(-1)?.answered).toBe("answer"));
  broadcast = { ...TALK, status: "live", startedAt: new Date().toISOString() };
  await act(async () => peers.at(-1)?.become("connected"));
  await vi.waitFor(() => expect(asked).toContain("POST /api/broadcasts/b1/start"));
  expect(screen.queryByText("Before you go live")).toBeNull();

  await act(async () => peers.at(-1)?.become("failed"));
  expect(screen.getByText("Reconnecting, attempt 1")).toBeDefined();

  await userEvent.click(await screen.findByRole("button", { name: "End broadcast" }));
  expect(asked).not.toContain("POST /api/broadcasts/b1/end");
  const dialog = screen.getByRole("dialog", { name: "End the broadcast?" });
  await userEvent.click(within(dialog).getByRole("button", { name: "End it" }));
  await vi.waitFor(() => expect(asked).toContain("POST /api/broadcasts/b1/end"));
});

test("a microphone that is refused is said, with what to do", async () => {
  microphone = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  open();
  await userEvent.click(await screen.findByRole("button", { name: "Allow the microphone" }));
  expect(await screen.findByText(/Allow the microphone in the address bar/)).toBeDefined();
  expect((await goLive()).disabled).toBe(true);
  expect(screen.getByRole("button", { name: "Try again" })).toBeDefined();
});

test("a key is hidden until it is asked for, and a new one takes a question", async () => {
  open();
  const key = (await screen.findByLabelText("Stream key (RTMP)")) as HTMLInputElement;
  expect(key.type).toBe("password");
  await userEvent.click(screen.getByRole("button", { name: "Show: Stream key (RTMP)", hidden: true }));
  expect(key.type).toBe("text");
  expect(key.value).toBe("b1?token=sesame");
  await userEvent.click(screen.getByRole("button", { name: "Make a new key", hidden: true }));
  expect(asked).toEqual([]);
  const dialog = screen.getByRole("dialog", { name: "Make a new key?" });
  await userEvent.click(within(dialog).getByRole("button", { name: "Make a new key" }));
  expect(asked).toEqual(["POST /api/broadcasts/b1/stream-key"]);
});
