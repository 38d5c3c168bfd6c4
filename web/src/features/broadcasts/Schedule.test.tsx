import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter, Route, Routes } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../../api/station.ts";
import { EditBroadcastPage, NewBroadcastPage } from "./EditPage.tsx";
import { SeriesPage } from "./SeriesPage.tsx";

const ADA = { id: "u1", displayName: "Ada", role: "host" };

/** A Wednesday, by the clocks of Tokyo. */
const NEWS = {
  id: "b1",
  title: "News",
  description: "",
  tags: [],
  status: "scheduled",
  scheduledStartTime: "2030-05-01T09:30:00.000Z",
  timezone: "Asia/Tokyo",
  recurrence: "FREQ=WEEKLY;BYDAY=WE",
  seriesId: "s1",
  durationSeconds: null,
  reminderOffsets: [],
  autoStart: true,
  startOnTime: false,
  endOnTime: false,
  visibility: "public",
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

const SERIES = {
  id: "s1",
  hostId: "u1",
  recurrence: "FREQ=WEEKLY;BYDAY=WE",
  timezone: "Asia/Tokyo",
  firstStart: "2030-05-01T18:30:00",
  exceptions: [],
  occurrences: [
    {
      id: "b1",
      title: "News",
      status: "scheduled",
      occurrenceStartTime: "2030-05-01T09:30:00.000Z",
      scheduledStartTime: "2030-05-01T09:30:00.000Z",
    },
    {
      id: "b2",
      title: "News",
      status: "cancelled",
      occurrenceStartTime: "2030-05-08T09:30:00.000Z",
      scheduledStartTime: "2030-05-09T09:30:00.000Z",
    },
  ],
};

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

let asked: Asked[];
/** What the station says to a change, and to the question which dates a rule gives. */
let answer: () => Response;
let starts: () => Response;

beforeEach(async () => {
  asked = [];
  answer = () => Response.json(NEWS);
  // Hundreds of them take jsdom seconds.
  vi.spyOn(Intl, "supportedValuesOf").mockReturnValue(["Asia/Tokyo", "Europe/Berlin"]);
  starts = () => Response.json({ items: ["2030-05-01T09:30:00.000Z", "2030-05-08T09:30:00.000Z"] });
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    const { method } = request;
    if (pathname.startsWith("/api/auth/")) {
      return Response.json({ accessToken: "t", expiresIn: 900, user: ADA });
    }
    const body = method === "GET" ? null : await request.json().catch(() => null);
    asked.push({ method, path: pathname, query: Object.fromEntries(searchParams), body });
    if (pathname === "/api/schedule/starts") return starts();
    if (method !== "GET") return answer();
    return Response.json(pathname.startsWith("/api/series/") ? SERIES : NEWS);
  });
  await session.signIn({ email: "", password: "" });
});

afterEach(() => {
  session.forget();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function open(address: string): void {
  render(
    <MemoryRouter initialEntries={[address]}>
      <Routes>
        <Route path="/broadcasts" element={<p>my broadcasts</p>} />
        <Route path="/broadcasts/new" element={<NewBroadcastPage />} />
        <Route path="/broadcasts/b1" element={<EditBroadcastPage id="b1" />} />
        <Route path="/series/s1" element={<SeriesPage id="s1" />} />
      </Routes>
    </MemoryRouter>,
  );
}

const changes = () => asked.filter(({ method }) => method !== "GET");
const fill = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

async function plan(): Promise<void> {
  open("/broadcasts/new");
  fill("Title", "News");
  fill("Planned start (optional)", "2030-05-01T18:30");
  await userEvent.selectOptions(screen.getByLabelText("Time zone"), "Asia/Tokyo");
  await userEvent.selectOptions(screen.getByLabelText("Repeats"), "weekly");
}

test("a host plans something weekly, sees its dates by both clocks, and what happens at the hour", async () => {
  await plan();
  await userEvent.click(screen.getByRole("button", { name: "Fri" }));
  expect(screen.getByRole("button", { name: "Wed" })).toHaveProperty("disabled", true);
  await userEvent.selectOptions(screen.getByLabelText("Until when"), "count");
  fill("How many times, from this date on", "8");
  const dates = screen.getByRole("region", { name: "The next dates" });
  expect(await within(dates).findByText(/^Wed, May 8, 2030.* 6:30/)).toBeDefined();
  expect(within(dates).getAllByText(/ for you$/)).toHaveLength(2);
  fill("Length in minutes (optional)", "90");
  await userEvent.click(screen.getByRole("button", { name: "1 hour before" }));
  await userEvent.click(screen.getByRole("switch", { name: "Start with the sound" }));
  await userEvent.click(screen.getByRole("switch", { name: "End on time" }));
  await userEvent.click(screen.getByRole("button", { name: "Make the broadcast" }));
  expect(await screen.findByText("my broadcasts")).toBeDefined();
  expect(changes()[0]?.body).toMatchObject({
    scheduledStartTime: "2030-05-01T09:30:00.000Z",
    timezone: "Asia/Tokyo",
    recurrence: "FREQ=WEEKLY;BYDAY=WE,FR;COUNT=8",
    durationSeconds: 5400,
    reminderOffsets: [3600],
    autoStart: false,
    endOnTime: true,
  });
  expect(asked.filter(({ path }) => path === "/api/schedule/starts").at(-1)?.query).toEqual({
    startTime: "2030-05-01T09:30:00.000Z",
    timezone: "Asia/Tokyo",
    recurrence: "FREQ=WEEKLY;BYDAY=WE,FR;COUNT=8",
    limit: "5",
  });
});

test("what is wrong stands beside the field that it is about", async () => {
  starts = () =>
    Response.json(
      { detail: "no", errors: [{ field: "recurrence", detail: "has no FREQ" }] },
      { status: 422 },
    );
  answer = () =>
    Response.json(
      {
        detail: "Some fields do not fit.",
        errors: [
          { field: "scheduledStartTime", detail: "must lie at most two years ahead" },
          { field: "reminderOffsets[0]", detail: "is too early" },
        ],
      },
      { status: 422 },
    );
  await plan();
  await userEvent.selectOptions(screen.getByLabelText("Repeats"), "rule");
  fill("Rule", "INTERVAL=2");
  await screen.findByText("has no FREQ");
  const about = (element: Element) =>
    document.getElementById(element.getAttribute("aria-describedby")?.split(" ").at(-1) ?? "")?.textContent;
  expect(about(screen.getByLabelText("Rule"))).toBe("has no FREQ");
  await userEvent.click(screen.getByRole("button", { name: "Make the broadcast" }));
  expect(await screen.findByText("Some fields do not fit.")).toBeDefined();
  expect(about(screen.getByLabelText("Planned start (optional)"))).toBe("must lie at most two years ahead");
  expect(about(screen.getByRole("group", { name: "Remind followers" }))).toContain("is too early");
  fill("Planned start (optional)", "2020-05-01T18:30");
  expect(screen.queryByText("This moment is over.")).toBeNull();
});

test("a start that is not of the rule is told before it is sent", async () => {
  starts = () => Response.json({ items: ["2030-05-02T09:30:00.000Z"] });
  await plan();
  expect(await screen.findByText("The planned start has to be the first date of the rule.")).toBeDefined();
});

test("what is planned beside another broadcast is saved, and said", async () => {
  answer = () =>
    Response.json({
      ...NEWS,
      overlaps: [{ id: "b9", title: "Weather", scheduledStartTime: "2030-05-01T10:00:00.000Z" }],
    });
  await plan();
  await userEvent.click(screen.getByRole("button", { name: "Make the broadcast" }));
  const dialog = await screen.findByRole("dialog", { name: "You have planned something else for that time" });
  expect(within(dialog).getByRole("link", { name: "Weather" }).getAttribute("href")).toBe("/broadcasts/b9");
  await userEvent.click(screen.getByRole("button", { name: "Leave it so" }));
  expect(await screen.findByText("my broadcasts")).toBeDefined();
});

test("one of a series is changed alone, unless the change is of the series", async () => {
  open("/broadcasts/b1");
  await screen.findByLabelText("Title");
  fill("Planned start (optional)", "2030-05-02T18:30");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  const dialog = screen.getByRole("dialog", { name: "Edit broadcast" });
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  await screen.findByText("my broadcasts");
  expect(changes()[0]).toMatchObject({ method: "PATCH", query: {} });
  expect(changes()[0]?.body).toMatchObject({ scheduledStartTime: "2030-05-02T09:30:00.000Z" });
  expect(changes()[0]?.body).not.toHaveProperty("recurrence");
});

test("how a series repeats is changed from here on, or for all of it", async () => {
  open("/broadcasts/b1");
  await userEvent.selectOptions(await screen.findByLabelText("Repeats"), "daily");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  const dialog = screen.getByRole("dialog", { name: "Edit broadcast" });
  expect(within(dialog).queryByRole("radio", { name: "This one alone" })).toBeNull();
  await userEvent.click(within(dialog).getByRole("button", { name: "Save" }));
  await screen.findByText("my broadcasts");
  expect(changes()[0]).toMatchObject({ query: { scope: "following" }, body: { recurrence: "FREQ=DAILY" } });
});

async function choose(what: string): Promise<void> {
  open("/series/s1");
  await userEvent.click(await screen.findByRole("button", { name: /^What to do with Wed, May 1, 2030/ }));
  await userEvent.click(await screen.findByRole("menuitem", { name: what }));
}

test("a series tells how it repeats and lists its dates", async () => {
  open("/series/s1");
  expect(await screen.findByText("Every week · Wednesday · Asia/Tokyo")).toBeDefined();
  expect(screen.getByRole("link", { name: /^Wed, May 1, 2030/ }).getAttribute("href")).toBe("/b/b1");
  expect(screen.getByText("Cancelled")).toBeDefined();
  expect(screen.getByText(/moved from Wed, May 8, 2030/)).toBeDefined();
});

test("a date is moved by the clocks of its series", async () => {
  await choose("Move");
  expect((screen.getByLabelText("Planned start") as HTMLInputElement).value).toBe("2030-05-01T18:30");
  fill("Planned start", "2030-05-01T19:00");
  await userEvent.click(screen.getByRole("button", { name: "Move" }));
  await vi.waitFor(() => expect(changes()).toHaveLength(1));
  expect(changes()[0]).toMatchObject({
    path: "/api/broadcasts/b1",
    query: {},
    body: { scheduledStartTime: "2030-05-01T10:00:00.000Z" },
  });
});

test("a date is skipped after a question", async () => {
  await choose("Skip");
  expect(changes()).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "Skip" }));
  await vi.waitFor(() => expect(changes()).toHaveLength(1));
  expect(changes()[0]).toMatchObject({ method: "POST", path: "/api/broadcasts/b1/end" });
});

test("a date is deleted with those that follow", async () => {
  await choose("Delete");
  await userEvent.click(screen.getByRole("radio", { name: "This one and those that follow" }));
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));
  await vi.waitFor(() => expect(changes()).toHaveLength(1));
  expect(changes()[0]).toMatchObject({ method: "DELETE", query: { scope: "following" } });
});
