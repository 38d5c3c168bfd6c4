import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter, Route, Routes } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../../api/station.ts";
import { RegisterPage } from "./RegisterPage.tsx";
import { SignInPage } from "./SignInPage.tsx";

const ADA = { id: "u1", displayName: "Ada", role: "host", mustChangePassword: false };

let answers: Record<string, () => Response>;
let sent: Record<string, unknown>[];

beforeEach(() => {
  session.forget();
  sent = [];
  answers = {};
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST") sent.push({ pathname, ...(await request.json()) });
    return answers[pathname]?.() ?? new Response(null, { status: 404 });
  });
});

afterEach(() => vi.unstubAllGlobals());

function open(address: string): void {
  render(
    <MemoryRouter initialEntries={[address]}>
      <Routes>
        <Route path="/sign-in" element={<SignInPage />} />
        <Route path="/register" element={<RegisterPage />} />
        <Route path="/b/studio" element={<p>the broadcast</p>} />
      </Routes>
    </MemoryRouter>,
  );
}

const begun = () => Response.json({ accessToken: "t", expiresIn: 900, user: ADA });
const config = (registration: string) => () => Response.json({ registration });

test("whoever signs in goes on where they were", async () => {
  answers["/api/auth/login"] = begun;
  open("/sign-in?to=%2Fb%2Fstudio");
  await userEvent.type(screen.getByLabelText("E-mail address"), "ada@example.org");
  await userEvent.type(screen.getByLabelText("Password"), "a long enough secret{Enter}");
  expect(await screen.findByText("the broadcast")).toBeDefined();
  expect(sent).toEqual([
    { pathname: "/api/auth/login", email: "ada@example.org", password: "a long enough secret" },
  ]);
});

test("a wrong password is said, and can be mended", async () => {
  answers["/api/auth/login"] = () => Response.json({ detail: "no" }, { status: 401 });
  open("/sign-in");
  await userEvent.type(screen.getByLabelText("E-mail address"), "ada@example.org");
  await userEvent.type(screen.getByLabelText("Password"), "wrong{Enter}");
  expect(await screen.findByText("The e-mail address or the password is wrong.")).toBeDefined();
  expect((screen.getByLabelText("Password") as HTMLInputElement).value).toBe("wrong");
});

test("what the station says of a field stands beside it", async () => {
  answers["/api/config"] = config("open");
  answers["/api/auth/register"] = () =>
    Response.json(
      {
        detail: "some fields are wrong",
        errors: [{ field: "password", detail: "is one that everybody tries" }],
      },
      { status: 422 },
    );
  open("/register");
  await userEvent.type(await screen.findByLabelText("User name"), "ada");
  await userEvent.type(screen.getByLabelText("E-mail address"), "ada@example.org");
  await userEvent.type(screen.getByLabelText("Password"), "password1234{Enter}");
  const said = await screen.findByText("is one that everybody tries");
  const field = screen.getByLabelText("Password");
  expect(field.getAttribute("aria-describedby")?.split(" ")).toContain(said.id);
  expect(sent[0]).toEqual({
    pathname: "/api/auth/register",
    username: "ada",
    email: "ada@example.org",
    password: "password1234",
  });
});

test("by invitation there is a field for it, and a link brings it along", async () => {
  answers["/api/config"] = config("invitation");
  open("/register?invitation=CODE");
  expect(((await screen.findByLabelText("Invitation code")) as HTMLInputElement).value).toBe("CODE");
});

test("a station that is closed says so", async () => {
  answers["/api/config"] = config("closed");
  open("/register");
  expect(await screen.findByText("This station takes no new accounts")).toBeDefined();
  expect(screen.queryByLabelText("Password")).toBeNull();
});
