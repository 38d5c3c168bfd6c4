import { expect, test, vi } from "vitest";

import { Session } from "./session.ts";

const ADA = { id: "u1", username: "ada", displayName: "Ada", role: "host" };

/** A station that knows Ada, a clock that a test turns, and a session that asks them. */
function scene(marked = true) {
  let now = 0;
  let isSignedIn = marked;
  let tokens = 0;
  const asked: string[] = [];
  const station = {
    /** What the next requests to an address are answered with, instead of as usual. */
    refuse: new Map<string, number>(),
    down: false,
    valid: (_token: string | null) => true,
  };
  const session = new Session({
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const bearer = request.headers.get("authorization");
      asked.push(`${pathname}${bearer === null ? "" : ` ${bearer}`}`);
      if (station.down) throw new TypeError("no network");
      const refused = station.refuse.get(pathname);
      if (refused !== undefined) return Response.json({ detail: "no" }, { status: refused });
      if (pathname === "/api/auth/logout") return new Response(null, { status: 204 });
      if (!pathname.startsWith("/api/auth/")) {
        return new Response(await request.text(), { status: station.valid(bearer) ? 200 : 401 });
      }
      tokens += 1;
      return Response.json({ accessToken: `token-${tokens}`, expiresIn: 900, user: ADA });
    },
    now: () => now,
    random: () => 0,
    baseUrl: "https://radio.example",
    mark: {
      read: () => isSignedIn,
      write: (signedIn) => {
        isSignedIn = signedIn;
      },
    },
  });
  return { session, station, asked, marked: () => isSignedIn, pass: (ms: number) => (now += ms) };
}

const somewhere = (body?: string) =>
  new Request("https://radio.example/api/broadcasts", body === undefined ? {} : { method: "POST", body });

test("a device on which nobody signed in asks for nothing", async () => {
  const { session, asked } = scene(false);
  await session.start();
  expect(session.getState()).toEqual({ phase: "guest" });
  await session.fetch(somewhere());
  expect(asked).toEqual(["/api/broadcasts"]);
});

test("one exchange serves everybody who asks, and its token lives until shortly before its end", async () => {
  const { session, asked, pass } = scene();
  await Promise.all([session.start(), session.fetch(somewhere()), session.fetch(somewhere())]);
  expect(session.getState()).toMatchObject({ phase: "signed in", account: { id: "u1" } });
  expect(asked.filter((path) => path === "/api/auth/refresh")).toHaveLength(1);
  expect(asked.filter((path) => path === "/api/broadcasts Bearer token-1")).toHaveLength(2);
  pass(869_000);
  expect(await session.token()).toBe("token-1");
  pass(2000);
  expect(await session.token()).toBe("token-2");
});

test("a token that is taken no more is exchanged once, and the request sent again whole", async () => {
  const { session, station, asked } = scene();
  await session.start();
  station.valid = (token) => token !== "Bearer token-1";
  const answer = await session.fetch(somewhere("what is asked"));
  expect(await answer.text()).toBe("what is asked");
  expect(asked.at(-1)).toBe("/api/broadcasts Bearer token-2");
  station.valid = () => false;
  expect((await session.fetch(somewhere())).status).toBe(401);
});

test("who is signed in no more becomes a guest", async () => {
  const { session, station, marked } = scene();
  station.refuse.set("/api/auth/refresh", 401);
  await session.start();
  expect(session.getState()).toEqual({ phase: "guest" });
  expect(marked()).toBe(false);
});

test("a station that does not answer makes nobody a guest, and is asked again", async () => {
  vi.useFakeTimers();
  const { session, station } = scene();
  station.down = true;
  await session.start();
  expect(session.getState()).toEqual({ phase: "unknown" });
  await expect(session.fetch(somewhere())).rejects.toThrow("no network");
  station.down = false;
  await vi.advanceTimersByTimeAsync(2000);
  expect(session.getState()).toMatchObject({ phase: "signed in" });
  vi.useRealTimers();
});

test("signing out holds here at once, whatever the station says", async () => {
  const { session, station, asked, marked } = scene();
  await session.start();
  station.down = true;
  const left = session.signOut();
  expect(session.getState()).toEqual({ phase: "guest" });
  expect(marked()).toBe(false);
  await expect(left).rejects.toThrow("no network");
  expect(asked.at(-1)).toBe("/api/auth/logout Bearer token-1");
});

test("a refusal tells why", async () => {
  const { session, station } = scene(false);
  station.refuse.set("/api/auth/login", 401);
  const refused = session.signIn({ email: "ada@example.org", password: "wrong" });
  await expect(refused).rejects.toMatchObject({ status: 401, message: "no" });
  expect(session.getState()).toEqual({ phase: "guest" });
});
