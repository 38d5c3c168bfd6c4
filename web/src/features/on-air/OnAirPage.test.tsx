import { render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { afterEach, expect, test, vi } from "vitest";

import { OnAirPage } from "./OnAirPage.tsx";

afterEach(() => {
  vi.unstubAllGlobals();
});

function open(answer: () => Promise<Response>): void {
  vi.stubGlobal("fetch", answer);
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
          playback: { hlsUrl: "/live/a%20b/index.m3u8" },
        },
      ],
      nextCursor: null,
      total: 1,
    }),
  );
  const link = await screen.findByRole("link", { name: "Morning studio" });
  expect(link.getAttribute("href")).toBe("/listen/a%20b");
  expect(screen.getByText("1 listener")).toBeDefined();
  expect(screen.getByRole("status").textContent).toBe("One broadcast is on air");
});

test("nothing on air is said kindly", async () => {
  open(async () => Response.json({ items: [], nextCursor: null, total: 0 }));
  expect(await screen.findByText("Nothing is on air right now.")).toBeDefined();
  expect(screen.queryByRole("list")).toBeNull();
});

test("a server that does not answer is said, and asked again", async () => {
  open(async () => new Response(null, { status: 503 }));
  expect(await screen.findByText(/does not answer/)).toBeDefined();
});
