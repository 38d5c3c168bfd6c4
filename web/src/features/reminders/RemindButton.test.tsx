import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../../api/station.ts";
import { RemindButton } from "./RemindButton.tsx";

const TALK = { id: "b1", title: "Talk", scheduledStartTime: "2040-05-01T18:30:00Z" };

/** What the station keeps. */
let kept: { broadcastId: string; offsetSeconds: number; sentAt: string | null }[];
let changes: { method: string; path: string; body: unknown }[];

beforeEach(() => {
  kept = [];
  changes = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/auth/")) {
      return Response.json({ accessToken: "t", expiresIn: 900, user: { id: "u1", displayName: "Ada" } });
    }
    if (request.method === "GET") return Response.json({ items: kept, nextCursor: null, total: kept.length });
    const body = (await request.json().catch(() => null)) as { offsets: number[] } | null;
    changes.push({ method: request.method, path: pathname, body });
    kept = (body?.offsets ?? []).map((offsetSeconds) => ({ broadcastId: "b1", offsetSeconds, sentAt: null }));
    return body === null ? new Response(null, { status: 204 }) : Response.json({ items: [] });
  });
});

afterEach(() => {
  session.forget();
  vi.unstubAllGlobals();
});

function show(broadcast: typeof TALK = TALK): void {
  render(
    <MemoryRouter initialEntries={["/b/b1"]}>
      <RemindButton broadcast={broadcast} />
    </MemoryRouter>,
  );
}

const signIn = () => session.signIn({ email: "", password: "" });

test("a guest is led to the sign-in and back", () => {
  show();
  const link = screen.getByRole("link", { name: "Remind me of Talk" });
  expect(link.getAttribute("href")).toBe("/sign-in?to=%2Fb%2Fb1");
});

test("nobody is reminded of what has begun", async () => {
  await signIn();
  show({ ...TALK, scheduledStartTime: "2020-05-01T18:30:00Z" });
  expect(screen.queryByRole("button")).toBeNull();
});

test("somebody chooses when, and it is kept until they take it back", async () => {
  await signIn();
  show();
  await userEvent.click(screen.getByRole("button", { name: "Remind me of Talk" }));
  await userEvent.click(screen.getByRole("button", { name: "1 day before" }));
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  const set = await screen.findByRole("button", { name: "You are reminded of Talk" });
  expect(set.getAttribute("aria-pressed")).toBe("true");
  expect(changes).toEqual([
    { method: "PUT", path: "/api/broadcasts/b1/reminder", body: { offsets: [600, 86_400] } },
  ]);
  await userEvent.click(set);
  for (const name of ["1 day before", "10 minutes before"])
    await userEvent.click(screen.getByRole("button", { name }));
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByRole("button", { name: "Remind me of Talk" })).toBeDefined();
  expect(changes.at(-1)).toMatchObject({ method: "DELETE", path: "/api/broadcasts/b1/reminder" });
});

test("times that are over cannot be chosen, and what went out already does not count", async () => {
  kept = [{ broadcastId: "b1", offsetSeconds: 3600, sentAt: "2030-01-01T00:00:00Z" }];
  await signIn();
  show({ ...TALK, scheduledStartTime: new Date(Date.now() + 1_800_000).toISOString() });
  await userEvent.click(await screen.findByRole("button", { name: "Remind me of Talk" }));
  expect(screen.getByRole("button", { name: "1 hour before" })).toHaveProperty("disabled", true);
  expect(screen.getByRole("button", { name: "10 minutes before" })).toHaveProperty("disabled", false);
});
