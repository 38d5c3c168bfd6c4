import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../api/station.ts";
import { AdminRoute } from "./AdminRoute.tsx";

const ROOT = { id: "u1", displayName: "Root", email: "root@example.org", role: "admin" };

const JOB = {
  id: "j1",
  kind: "start",
  key: "b1",
  state: "failed",
  broadcastId: "b1",
  createdAt: "2030-05-01T18:00:00Z",
  dueAt: "2030-05-01T18:30:00Z",
  nextAttemptAt: null,
  endedAt: "2030-05-01T21:30:00Z",
  attempts: 12,
  lastError: "the disk is full",
};

const NOTHING = {
  broadcasts: 0,
  minutes: 0,
  webrtcMinutes: 0,
  hlsMinutes: 0,
  webrtcBytes: 0,
  hlsBytes: 0,
  dollars: 0,
};

const SUM = {
  broadcasts: 2,
  minutes: 90,
  webrtcMinutes: 60,
  hlsMinutes: 1200,
  webrtcBytes: 1e9,
  hlsBytes: 14e9,
  dollars: 0.25,
};

let asked: string[];
let relay: () => Response;

beforeEach(async () => {
  asked = [];
  relay = () => new Response(null, { status: 204 });
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith("/api/auth/")) {
      return Response.json({ accessToken: "t", expiresIn: 900, user: ROOT });
    }
    asked.push(`${request.method} ${pathname}`);
    switch (`${request.method} ${pathname}`) {
      case "GET /api/admin/jobs":
        return Response.json({
          items: searchParams.get("state") === "failed" ? [JOB] : [],
          nextCursor: null,
          total: 1,
        });
      case "GET /api/config":
        return Response.json({
          version: "1.2.3",
          registration: "invitation",
          email: true,
          goLive: true,
          webrtc: false,
          hls: true,
          latencyModes: ["low"],
          audioProfiles: ["voice"],
          limits: { maxSpeakers: 16 },
        });
      case "GET /api/admin/usage":
        return Response.json({
          days: [
            { ...NOTHING, day: "2030-05-01" },
            { ...SUM, day: "2030-05-02" },
          ],
          prices: "prices of 2026",
          total: SUM,
        });
      case "GET /api/admin/api-keys":
        return Response.json({ items: [], nextCursor: null, total: 0 });
      case "POST /api/admin/api-keys":
        return Response.json({ key: "k1", secret: "shown once" }, { status: 201 });
      case "POST /api/admin/mail/test":
        return relay();
    }
    return Response.json(JOB, { status: 202 });
  });
  await session.signIn({ email: "", password: "" });
});

afterEach(() => {
  session.forget();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function open(tab: string): void {
  render(
    <MemoryRouter>
      <AdminRoute tab={tab} />
    </MemoryRouter>,
  );
}

test("the tab that is open is brought before the eye", () => {
  const seen = vi.spyOn(Element.prototype, "scrollIntoView");
  open("settings");
  expect(seen.mock.contexts).toEqual([screen.getByRole("tab", { name: "Settings" })]);
});

test("what was given up is told with its reason, and tried again", async () => {
  open("jobs");
  expect((await screen.findByRole("link", { name: "Go on air" })).getAttribute("href")).toBe("/b/b1");
  expect(screen.getByText("the disk is full")).toBeDefined();
  await userEvent.click(screen.getByRole("button", { name: /^Try again: Go on air/ }));
  await vi.waitFor(() => expect(asked).toContain("POST /api/admin/jobs/j1/retry"));
  await userEvent.selectOptions(screen.getByLabelText("Which"), "waiting");
  expect(await screen.findByText("Nothing is to be done")).toBeDefined();
});

test("what the station was started with is told, and a letter tells whether the relay works", async () => {
  open("settings");
  expect(await screen.findByText("Who is invited")).toBeDefined();
  relay = () => Response.json({ detail: "the relay refused: 550" }, { status: 502 });
  await userEvent.click(screen.getByRole("button", { name: "Send a test letter" }));
  expect(await screen.findByText("the relay refused: 550")).toBeDefined();
  relay = () => new Response(null, { status: 204 });
  await userEvent.click(screen.getByRole("button", { name: "Send a test letter" }));
  expect(await screen.findByText("A test letter goes to root@example.org.")).toBeDefined();
});

test("how much was listened is told by the day, the latest first, and what it costs", async () => {
  open("usage");
  const sum =
    "2 broadcasts for 1.5 h · 21.0 h of listening · 1.0 h by WebRTC, 20.0 h by HLS · 15.0 GB · $0.25";
  expect(await screen.findAllByText(sum)).toHaveLength(2);
  const lines = screen.getAllByRole("listitem").map(({ textContent }) => textContent);
  expect(lines.map((line) => line?.match(/^Together|^May \d/)?.[0])).toEqual(["Together", "May 2", "May 1"]);
  expect(lines[2]).toContain("Nothing was on air.");
  expect(screen.getByText(/prices of 2026/)).toBeDefined();
});

test("the secret of a key is shown once, and is gone with its dialog", async () => {
  open("keys");
  await userEvent.click(await screen.findByRole("button", { name: "Make a key" }));
  const dialog = screen.getByRole("dialog", { name: "Make a key" });
  await userEvent.type(within(dialog).getByLabelText("Name"), "Mirror");
  await userEvent.click(within(dialog).getByRole("button", { name: "Make a key" }));
  expect(((await screen.findByLabelText("Secret")) as HTMLInputElement).value).toBe("shown once");
  await userEvent.click(screen.getByRole("button", { name: "Close" }));
  expect(screen.queryByLabelText("Secret")).toBeNull();
});
