import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../api/station.ts";
import { AccountRoute } from "./AccountRoute.tsx";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";

const signIn = (id: string, device: string | null, current = false) => ({
  id,
  device,
  current,
  signedInAt: "2030-05-01T18:30:00Z",
  lastUsedAt: "2030-05-02T18:30:00Z",
  expiresAt: "2030-06-01T18:30:00Z",
});

let role: string;
let signIns: ReturnType<typeof signIn>[];
let changes: { method: string; path: string; body: unknown }[];

beforeEach(() => {
  role = "host";
  changes = [];
  signIns = [signIn("s1", FIREFOX, true), signIn("s2", "Radio/1.0"), signIn("s3", null)];
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    const { method } = request;
    if (pathname === "/api/auth/login") {
      const user = { id: "u1", username: "ada", displayName: "Ada", email: "ada@example.org", role };
      return Response.json({ accessToken: "t", expiresIn: 900, user });
    }
    const [, list] = pathname.match(/^\/api\/auth\/(sessions|api-keys)/) ?? [];
    if (method === "GET") return Response.json({ items: list === "sessions" ? signIns : [], total: 0 });
    changes.push({ method, path: pathname, body: await request.json().catch(() => null) });
    if (method === "POST") return Response.json({ key: "k1", secret: "shown once" }, { status: 201 });
    const id = pathname.split("/")[4];
    signIns = signIns.filter((other) => other.current || (id !== undefined && other.id !== id));
    return new Response(null, { status: 204 });
  });
});

afterEach(() => {
  session.forget();
  vi.unstubAllGlobals();
});

async function open(): Promise<void> {
  await session.signIn({ email: "", password: "" });
  render(
    <MemoryRouter>
      <AccountRoute />
    </MemoryRouter>,
  );
}

test("somebody sees where they are signed in, and ends one sign-in or all others", async () => {
  await open();
  const here = (await screen.findByText("Firefox, Linux")).closest("li");
  expect(here?.textContent).toContain("this device");
  expect(within(here as HTMLElement).queryByRole("button")).toBeNull();
  expect(screen.getByText("Unknown device")).toBeDefined();
  await userEvent.click(screen.getByRole("button", { name: /^Sign out: Radio\/1.0/ }));
  await vi.waitFor(() => expect(screen.queryByText("Radio/1.0")).toBeNull());
  await userEvent.click(screen.getByRole("button", { name: "Sign out everywhere else" }));
  expect(changes).toHaveLength(1);
  const dialog = screen.getByRole("dialog");
  await userEvent.click(within(dialog).getByRole("button", { name: "Sign out everywhere else" }));
  await vi.waitFor(() => expect(screen.queryByText("Unknown device")).toBeNull());
  expect(changes.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "DELETE /api/auth/sessions/s2",
    "DELETE /api/auth/sessions",
  ]);
  expect(screen.queryByRole("button", { name: "Sign out everywhere else" })).toBeNull();
});

test("a host makes a key of their own, without a role to choose", async () => {
  await open();
  await userEvent.click(await screen.findByRole("button", { name: "Make a key" }));
  const dialog = screen.getByRole("dialog", { name: "Make a key" });
  expect(within(dialog).queryByLabelText("Role")).toBeNull();
  await userEvent.type(within(dialog).getByLabelText("Name"), "Mirror");
  await userEvent.click(within(dialog).getByRole("button", { name: "Make a key" }));
  expect(((await screen.findByLabelText("Secret")) as HTMLInputElement).value).toBe("shown once");
  expect(changes).toEqual([{ method: "POST", path: "/api/auth/api-keys", body: { name: "Mirror" } }]);
});

test("a listener has no keys and no webhooks", async () => {
  role = "listener";
  await open();
  expect(await screen.findByText("Where you are signed in")).toBeDefined();
  expect(screen.queryByText("API keys")).toBeNull();
  expect(screen.queryByText("Webhooks")).toBeNull();
});
