import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter, Route, Routes } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../../api/station.ts";
import { EditBroadcastPage, NewBroadcastPage } from "./EditPage.tsx";
import { MyBroadcastsPage } from "./MyBroadcastsPage.tsx";

const ADA = { id: "u1", displayName: "Ada", role: "host" };

const MORNING = {
  id: "b1",
  title: "Morning",
  description: "",
  tags: ["news"],
  status: "scheduled",
  scheduledStartTime: "2030-05-01T18:30:00Z",
  timezone: null,
  recurrence: null,
  seriesId: null,
  durationSeconds: null,
  reminderOffsets: [],
  autoStart: true,
  startOnTime: false,
  endOnTime: false,
  endedAt: null,
  peakListeners: 3,
  visibility: "unlisted",
  latencyMode: "low",
  audioProfile: "voice",
  maxSpeakers: 4,
  recordingEnabled: true,
  levelling: false,
  noiseSuppression: false,
  coverUrl: null,
  host: ADA,
  ingest: {},
};

let takesCovers: boolean;
let broadcasts: object[];
let asked: { method: string; path: string; body: unknown }[];

beforeEach(async () => {
  takesCovers = true;
  broadcasts = [];
  asked = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const { method } = request;
    if (pathname.startsWith("/api/auth/")) {
      return Response.json({ accessToken: "t", expiresIn: 900, user: ADA });
    }
    asked.push({
      method,
      path: pathname + search,
      body: method === "GET" ? null : await request.json().catch(() => null),
    });
    if (method === "PUT" && !takesCovers) return new Response(null, { status: 503 });
    if (method === "DELETE") return new Response(null, { status: 204 });
    if (pathname === "/api/broadcasts" && method === "GET") {
      return Response.json({ items: broadcasts, nextCursor: null, total: broadcasts.length });
    }
    return Response.json(MORNING);
  });
  await session.signIn({ email: "", password: "" });
});

afterEach(() => {
  session.forget();
  vi.unstubAllGlobals();
});

function open(address: string): void {
  render(
    <MemoryRouter initialEntries={[address]}>
      <Routes>
        <Route path="/broadcasts" element={<MyBroadcastsPage />} />
        <Route path="/broadcasts/new" element={<NewBroadcastPage />} />
        <Route path="/broadcasts/b1" element={<EditBroadcastPage id="b1" />} />
        <Route path="/studio/b1" element={<p>the studio</p>} />
      </Routes>
    </MemoryRouter>,
  );
}

const changes = () => asked.filter(({ method }) => method !== "GET");

test("a host without broadcasts is shown the way to one", async () => {
  open("/broadcasts");
  expect(await screen.findByText("No broadcasts yet")).toBeDefined();
  expect(screen.getByRole("link", { name: "New broadcast" }).getAttribute("href")).toBe("/broadcasts/new");
  expect(asked[0]?.path).toContain("host=u1");
});

test("a broadcast leads to its pages, and is deleted after a question", async () => {
  broadcasts = [MORNING];
  open("/broadcasts");
  const link = await screen.findByRole("link", { name: "Morning" });
  expect(link.getAttribute("href")).toBe("/b/b1");
  expect(
    screen.getByText(/Planned for May 1, 2030.*3 listeners at the most.*Who has the link/),
  ).toBeDefined();
  await userEvent.click(screen.getByRole("button", { name: "Delete: Morning" }));
  expect(changes()).toEqual([]);
  broadcasts = [];
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));
  expect(await screen.findByText("No broadcasts yet")).toBeDefined();
  expect(changes().map(({ method, path }) => `${method} ${path}`)).toEqual(["DELETE /api/broadcasts/b1"]);
});

test("a series is one line, with a way to its dates, and asks which of them are to be deleted", async () => {
  const series = { ...MORNING, seriesId: "s1" };
  broadcasts = [{ ...series, id: "b2", scheduledStartTime: "2030-05-08T18:30:00Z" }, series];
  open("/broadcasts");
  expect(await screen.findByText(/Planned for May 1, 2030.*repeats/)).toBeDefined();
  expect(screen.getAllByRole("listitem")).toHaveLength(1);
  expect(screen.getByRole("link", { name: "All dates: Morning" }).getAttribute("href")).toBe("/series/s1");
  await userEvent.click(screen.getByRole("button", { name: "Delete: Morning" }));
  await userEvent.click(screen.getByRole("radio", { name: "All that have not begun" }));
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));
  await vi.waitFor(() => expect(changes()).toHaveLength(1));
  expect(changes()[0]).toMatchObject({ method: "DELETE", path: "/api/broadcasts/b1?scope=all" });
});

test("a broadcast for now leads to its studio", async () => {
  open("/broadcasts/new");
  await userEvent.type(screen.getByLabelText("Title"), "Morning");
  await userEvent.selectOptions(screen.getByLabelText("How far behind"), "ultra");
  await userEvent.click(screen.getByRole("switch", { name: "Record it" }));
  await userEvent.click(screen.getByRole("button", { name: "Make the broadcast" }));
  expect(await screen.findByText("the studio")).toBeDefined();
  expect(changes()[0]).toMatchObject({
    method: "POST",
    path: "/api/broadcasts",
    body: { title: "Morning", latencyMode: "ultra", recordingEnabled: false, visibility: "public" },
  });
});

test("a cover that does not arrive makes no second broadcast", async () => {
  takesCovers = false;
  open("/broadcasts/new");
  await userEvent.type(screen.getByLabelText("Title"), "Morning");
  const cover = new File([new Uint8Array(8)], "cover.png", { type: "image/png" });
  await userEvent.upload(screen.getByLabelText("Choose a picture", { selector: "input" }), cover);
  await userEvent.click(screen.getByRole("button", { name: "Make the broadcast" }));
  expect(await screen.findByRole("button", { name: "Save" })).toBeDefined();
  expect(screen.queryByRole("button", { name: "Make the broadcast" })).toBeNull();
  expect(changes().map(({ method }) => method)).toEqual(["POST", "PUT"]);
});

test("a broadcast is changed, its start left as it is, and a cover that is too large is not sent", async () => {
  open("/broadcasts/b1");
  const title = (await screen.findByLabelText("Title")) as HTMLInputElement;
  expect(title.value).toBe("Morning");
  const huge = new File([new Uint8Array(2 * 1024 * 1024 + 1)], "huge.png", { type: "image/png" });
  await userEvent.upload(screen.getByLabelText("Choose a picture", { selector: "input" }), huge);
  expect(screen.getByText("The picture is larger than 2 MiB.")).toBeDefined();
  const small = new File([new Uint8Array(8)], "small.png", { type: "image/png" });
  await userEvent.upload(screen.getByLabelText("Choose a picture", { selector: "input" }), small);
  await userEvent.type(title, " show");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await vi.waitFor(() => expect(changes()).toHaveLength(2));
  const [patch, put] = changes();
  expect(patch).toMatchObject({ method: "PATCH", body: { title: "Morning show", tags: ["news"] } });
  expect(patch?.body).not.toHaveProperty("scheduledStartTime");
  expect(put).toMatchObject({ method: "PUT", path: "/api/broadcasts/b1/cover" });
});
