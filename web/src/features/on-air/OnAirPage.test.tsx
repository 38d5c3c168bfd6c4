import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, expect, test, vi } from "vitest";

import { OnAirPage } from "./OnAirPage.tsx";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** What the station finds. */
let found: (url: string) => readonly object[];

/** The station answers so for what is on air, and so for what can be heard again. */
function open(
  answer: () => Promise<Response>,
  recordings: readonly object[] = [],
  coming: readonly object[] = [],
): void {
  vi.stubGlobal("fetch", ({ url }: Request) => {
    if (url.includes("/api/recordings")) return Promise.resolve(Response.json({ items: recordings }));
    if (url.includes("q=")) return Promise.resolve(Response.json({ items: found(url) }));
    return url.includes("status=scheduled") ? Promise.resolve(Response.json({ items: coming })) : answer();
  });
  render(
    <MemoryRouter>
      <OnAirPage />
    </MemoryRouter>,
  );
}

test("what is on air is a list of links", async () => {
  open(async () =>
    Response.json({
      items: [
        {
          id: "a b",
          title: "Morning studio",
          status: "live",
          startedAt: null,
          listenerCount: 1,
          coverUrl: "/covers/1.webp",
          host: { displayName: "Ada" },
          playback: { hlsUrl: "/live/a%20b/index.m3u8" },
        },
      ],
      nextCursor: null,
      total: 1,
    }),
  );
  const link = await screen.findByRole("link", { name: "Morning studio" });
  expect(link.getAttribute("href")).toBe("/b/a%20b");
  expect(screen.getByText("by Ada · 1 listener")).toBeDefined();
  expect(screen.getByRole("status").textContent).toBe("One broadcast is on air");
});

test("nothing on air is said kindly", async () => {
  open(async () => Response.json({ items: [], nextCursor: null, total: 0 }));
  expect(await screen.findByText("Nothing is on air right now.")).toBeDefined();
  expect(screen.queryByRole("list")).toBeNull();
});

test("what can be heard again is a list of links as well", async () => {
  const recording = {
    id: "r1",
    title: "Yesterday",
    host: { displayName: "Ada" },
    startedAt: "2026-11-20T12:00:00Z",
    durationSeconds: 3725,
  };
  open(async () => Response.json({ items: [], nextCursor: null, total: 0 }), [recording]);
  const link = await screen.findByRole("link", { name: "Yesterday" });
  expect(link.getAttribute("href")).toBe("/r/r1");
  expect(screen.getByText(/by Ada .* 1:02:05/)).toBeDefined();
});

test("what comes next is a list of links, each series once, without what has no start", async () => {
  const host = { displayName: "Ada" };
  const coming = [
    { id: "b1", title: "Tomorrow", host, seriesId: "s1", scheduledStartTime: "2030-05-01T18:30:00Z" },
    { id: "b2", title: "Some day", host, seriesId: null, scheduledStartTime: null },
    { id: "b3", title: "The day after", host, seriesId: "s1", scheduledStartTime: "2030-05-02T18:30:00Z" },
    { id: "b4", title: "Apart", host, seriesId: null, scheduledStartTime: "2030-05-02T19:30:00Z" },
  ];
  open(async () => Response.json({ items: [], nextCursor: null, total: 0 }), [], coming);
  const link = await screen.findByRole("link", { name: "Tomorrow" });
  expect(link.getAttribute("href")).toBe("/b/b1");
  expect(screen.getByText(/by Ada · May 1, 2030/)).toBeDefined();
  expect(screen.getByRole("link", { name: "Apart" })).toBeDefined();
  expect(screen.queryByText("Some day")).toBeNull();
  expect(screen.queryByText("The day after")).toBeNull();
});

test("words find broadcasts, what is on air first", async () => {
  const host = { displayName: "Ada" };
  found = (url) =>
    new URL(url).searchParams.get("q") === "talk"
      ? [
          { id: "b1", title: "Old talk", status: "ended", host },
          { id: "b2", title: "Talk now", status: "live", host },
        ]
      : [];
  open(async () => Response.json({ items: [], nextCursor: null, total: 0 }));
  const field = screen.getByRole("searchbox", { name: "Find a broadcast" });
  await userEvent.type(field, " talk {Enter}");
  await screen.findByRole("link", { name: "Talk now" });
  expect(screen.getAllByRole("link").map(({ textContent }) => textContent)).toEqual(["Talk now", "Old talk"]);
  await userEvent.clear(field);
  expect(screen.queryByRole("link")).toBeNull();
  await userEvent.type(field, "nothing{Enter}");
  expect(await screen.findByText("Nothing is found.")).toBeDefined();
});

test("a server that does not answer is said, and asked again", async () => {
  open(async () => new Response(null, { status: 503 }));
  expect(await screen.findByText(/does not answer/)).toBeDefined();
});
