import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../../api/station.ts";
import { Bell } from "./Bell.tsx";
import { NoticesPage } from "./NoticesPage.tsx";

/** As many as the station gives at once. */
const PAGE = 2;

let notices: { id: string; title: string; readAt: string | null }[];
let isUp: boolean;
let changes: string[];

beforeEach(async () => {
  isUp = true;
  changes = [];
  notices = ["n1", "n2", "n3"].map((id) => ({
    id,
    kind: "hostLive",
    title: `Ada is on air, ${id}`,
    body: "Talk",
    link: `/listen/${id}`,
    broadcastId: id,
    createdAt: "2030-05-01T18:30:00Z",
    readAt: id === "n3" ? "2030-05-01T19:00:00Z" : null,
  }));
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith("/api/auth/")) {
      return Response.json({ accessToken: "t", expiresIn: 900, user: { id: "u1", displayName: "Bo" } });
    }
    if (!isUp) return new Response(null, { status: 503 });
    if (request.method === "POST") {
      changes.push(pathname);
      const [, one] = pathname.match(/notifications\/(.+)\/read$/) ?? [];
      notices = notices.map((notice) =>
        one === undefined || notice.id === one ? { ...notice, readAt: "2030-05-02T00:00:00Z" } : notice,
      );
      return new Response(null, { status: 204 });
    }
    const from = Number(searchParams.get("cursor") ?? 0);
    const more = from + PAGE < notices.length;
    return Response.json({
      items: notices.slice(from, from + PAGE),
      nextCursor: more ? String(from + PAGE) : null,
      total: notices.length,
      unread: notices.filter(({ readAt }) => readAt === null).length,
    });
  });
  await session.signIn({ email: "", password: "" });
});

afterEach(() => {
  session.forget();
  vi.unstubAllGlobals();
});

function open(): void {
  render(
    <MemoryRouter>
      <Bell />
      <NoticesPage />
    </MemoryRouter>,
  );
}

test("what one was told leads to where it happens, is read one by one, and the bell counts", async () => {
  open();
  const link = await screen.findByRole("link", { name: "Ada is on air, n1" });
  expect(link.getAttribute("href")).toBe("/listen/n1");
  expect(screen.getByRole("link", { name: "Notifications, 2 new" }).textContent).toBe("2");
  expect(screen.getAllByText(/A host whom you follow is on air/)).toHaveLength(PAGE);
  await userEvent.click(screen.getByRole("button", { name: "Mark as read: Ada is on air, n1" }));
  expect(await screen.findByRole("link", { name: "Notifications, 1 new" })).toBeDefined();
  await userEvent.click(screen.getByRole("link", { name: "Ada is on air, n2" }));
  expect(await screen.findByRole("link", { name: "Notifications" })).toBeDefined();
  expect(changes).toEqual(["/api/notifications/n1/read", "/api/notifications/n2/read"]);
  expect(screen.queryByRole("button", { name: "Mark all as read" })).toBeNull();
});

test("all are read at once, on every page that is shown", async () => {
  open();
  await userEvent.click(await screen.findByRole("button", { name: "More" }));
  await screen.findByRole("link", { name: "Ada is on air, n3" });
  expect(screen.getAllByRole("listitem")).toHaveLength(3);
  expect(screen.queryByRole("button", { name: "More" })).toBeNull();
  const [first] = screen.getAllByRole("listitem");
  if (first === undefined) throw new Error("there is no line");
  expect(within(first).getByText("New")).toBeDefined();
  await userEvent.click(screen.getByRole("button", { name: "Mark all as read" }));
  await vi.waitFor(() => expect(screen.queryByText("New")).toBeNull());
  expect(changes).toEqual(["/api/notifications/read"]);
});

test("nothing is said kindly", async () => {
  notices = [];
  open();
  expect(await screen.findByText("Nothing yet")).toBeDefined();
});

test("a station that is away is said", async () => {
  isUp = false;
  open();
  expect(await screen.findByText(/The station does not answer/)).toBeDefined();
});

test("a guest has no bell", () => {
  session.forget();
  render(
    <MemoryRouter>
      <Bell />
    </MemoryRouter>,
  );
  expect(screen.queryByRole("link")).toBeNull();
});
