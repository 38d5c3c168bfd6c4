import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../../api/station.ts";
import { AdminPage } from "./AdminPage.tsx";

const ROOT = { id: "u1", displayName: "Root", email: "root@example.org", role: "admin" };

beforeEach(async () => {
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/api/auth/")) {
      return Response.json({ accessToken: "t", expiresIn: 900, user: ROOT });
    }
    switch (`${request.method} ${pathname}`) {
      case "GET /api/admin/api-keys":
        return Response.json({ items: [], nextCursor: null, total: 0 });
      case "POST /api/admin/api-keys":
        return Response.json({ key: "k1", secret: "shown once" }, { status: 201 });
    }
    return new Response(null, { status: 404 });
  });
  await session.signIn({ email: "", password: "" });
});

afterEach(() => {
  session.forget();
  vi.unstubAllGlobals();
});

function open(tab: string): void {
  render(
    <MemoryRouter>
      <AdminPage tab={tab} />
    </MemoryRouter>,
  );
}

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
