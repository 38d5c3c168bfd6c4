import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../../api/station.ts";
import { LibraryPage } from "./LibraryPage.tsx";

const ADA = { id: "u1", username: "ada", displayName: "Ada", role: "host" };

const TALK = {
  id: "r1",
  title: "Talk",
  kind: "recording",
  status: "ready",
  published: false,
  durationSeconds: 125.4,
  sizeBytes: 2_400_000,
  startedAt: "2030-05-01T18:30:00Z",
};

let items: object[];
let changes: { method: string; path: string; body: unknown }[];

beforeEach(async () => {
  items = [TALK];
  changes = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/auth/")) {
      return Response.json({ accessToken: "t", expiresIn: 900, user: ADA });
    }
    if (request.method === "GET") return Response.json({ items, nextCursor: null, total: items.length });
    changes.push({ method: request.method, path: pathname, body: await request.json().catch(() => null) });
    return request.method === "DELETE" ? new Response(null, { status: 204 }) : Response.json(TALK);
  });
  await session.signIn({ email: "", password: "" });
});

afterEach(() => {
  session.forget();
  vi.unstubAllGlobals();
});

async function choose(what: string): Promise<void> {
  render(
    <MemoryRouter>
      <LibraryPage />
    </MemoryRouter>,
  );
  await userEvent.click(await screen.findByRole("button", { name: "What to do with Talk" }));
  await userEvent.click(await screen.findByRole("menuitem", { name: what }));
}

async function write(label: string, text: string): Promise<void> {
  await userEvent.clear(screen.getByLabelText(label));
  await userEvent.type(screen.getByLabelText(label), text);
}

test("a recording is published by a switch", async () => {
  render(
    <MemoryRouter>
      <LibraryPage />
    </MemoryRouter>,
  );
  await userEvent.click(await screen.findByRole("switch", { name: "Published" }));
  expect(changes).toEqual([{ method: "PATCH", path: "/api/recordings/r1", body: { published: true } }]);
  expect((screen.getByLabelText("Podcast address") as HTMLInputElement).value).toMatch(
    /\/podcasts\/ada\.xml$/,
  );
});

test("a recording is trimmed by clock, up to its end where that is not touched", async () => {
  await choose("Trim");
  await write("Begins at", "0:05");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(changes[0]?.body).toEqual({ startSeconds: 5, endSeconds: 125.4 });
});

test("a clip has a title and a stretch that makes sense", async () => {
  await choose("Make a clip");
  await write("Title of the clip", "The joke");
  await write("Begins at", "1:30");
  await write("Ends at", "1:10");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(changes).toEqual([]);
  expect(screen.getByText(/The end comes after the beginning/)).toBeDefined();
  await write("Ends at", "1:40");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(changes[0]).toEqual({
    method: "POST",
    path: "/api/recordings/r1/clips",
    body: { title: "The joke", startSeconds: 90, endSeconds: 100 },
  });
});

test("a recording is deleted after a question", async () => {
  await choose("Delete");
  expect(screen.getByText("Delete “Talk”?")).toBeDefined();
  expect(changes).toEqual([]);
  items = [];
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));
  expect(await screen.findByText("No recordings yet")).toBeDefined();
  expect(changes).toEqual([{ method: "DELETE", path: "/api/recordings/r1", body: null }]);
});
