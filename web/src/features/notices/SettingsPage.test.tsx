import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter } from "react-router";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { session } from "../../api/station.ts";
import { NoticeSettingsPage } from "./SettingsPage.tsx";

const ADA = { id: "u1", username: "ada", displayName: "Ada", role: "host" };

const SUBSCRIPTION = { endpoint: "https://push.example/1", keys: { p256dh: "p", auth: "a" } };

let devices: { id: string; name: string; channel: string; createdAt: string }[];
let since: string | null;
let changes: { method: string; path: string; body: unknown }[];
/** What the browser was subscribed with; null where it is not. */
let subscribedBy: unknown;

beforeEach(async () => {
  devices = [];
  since = null;
  changes = [];
  subscribedBy = null;
  localStorage.clear();
  // Hundreds of them take jsdom seconds.
  vi.spyOn(Intl, "supportedValuesOf").mockReturnValue(["Asia/Tokyo", "Europe/Berlin"]);
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname } = new URL(request.url);
    const { method } = request;
    if (pathname.startsWith("/api/auth/")) {
      return Response.json({ accessToken: "t", expiresIn: 900, user: ADA });
    }
    if (pathname === "/api/config") return Response.json({ email: false, vapidPublicKey: "BKey" });
    const body = method === "GET" ? null : await request.json().catch(() => null);
    if (method !== "GET") changes.push({ method, path: pathname, body });
    switch (`${method} ${pathname}`) {
      case "GET /api/notifications/preferences":
        return Response.json({
          timezone: "Europe/Berlin",
          quietHours: null,
          digestAt: null,
          channels: { hostLive: ["push"], reply: [] },
        });
      case "PUT /api/notifications/preferences":
        return Response.json(body);
      case "GET /api/devices":
        return Response.json({ items: devices });
      case "POST /api/devices": {
        const device = { id: "d1", channel: "webPush", createdAt: "2030-05-01T18:30:00Z", ...body };
        devices = [device];
        return Response.json(device, { status: 201 });
      }
      case "GET /api/calendar":
        return Response.json({ since });
      case "POST /api/calendar":
        since = "2030-05-01T18:30:00Z";
        return Response.json({ url: "https://radio.example/api/calendars/x.ics" }, { status: 201 });
    }
    if (pathname.startsWith("/api/devices/")) devices = [];
    if (method === "DELETE" && pathname === "/api/calendar") since = null;
    return new Response(null, { status: 204 });
  });
  await session.signIn({ email: "", password: "" });
});

afterEach(() => {
  session.forget();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A browser that can be told things, as far as they are asked for here. */
function stubPush(permission: "granted" | "denied"): void {
  const pushManager = {
    getSubscription: async () =>
      subscribedBy === null
        ? null
        : {
            unsubscribe: async () => {
              subscribedBy = null;
            },
          },
    subscribe: async ({ applicationServerKey }: PushSubscriptionOptionsInit) => {
      subscribedBy = applicationServerKey;
      return { toJSON: () => SUBSCRIPTION };
    },
  };
  const registration = { active: {}, installing: null, waiting: null, pushManager };
  const register = async () => registration;
  const serviceWorker = { register, getRegistration: register };
  vi.stubGlobal("navigator", { userAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0", serviceWorker });
  vi.stubGlobal("PushManager", class {});
  vi.stubGlobal("Notification", { permission: "default", requestPermission: async () => permission });
}

function open(): void {
  render(
    <MemoryRouter>
      <NoticeSettingsPage />
    </MemoryRouter>,
  );
}

test("somebody chooses what they are told, by which ways, and when not", async () => {
  open();
  const live = "A host whom you follow is on air";
  const byPush = await screen.findByRole("checkbox", { name: `${live}: Push` });
  expect((byPush as HTMLInputElement).checked).toBe(true);
  expect(screen.getByText("This station sends no e-mail.")).toBeDefined();
  await userEvent.click(byPush);
  await userEvent.click(screen.getByRole("checkbox", { name: "Somebody answers you: E-mail" }));
  await userEvent.click(screen.getByRole("switch", { name: "Quiet hours" }));
  fireEvent.change(screen.getByLabelText("From"), { target: { value: "23:30" } });
  await userEvent.click(screen.getByRole("switch", { name: "One letter a day" }));
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await vi.waitFor(() => expect(changes).toHaveLength(1));
  expect(changes[0]?.body).toEqual({
    timezone: "Europe/Berlin",
    quietHours: { from: "23:30", until: "07:00" },
    digestAt: "08:00",
    channels: { hostLive: [], reply: ["email"] },
  });
});

test("a browser that cannot be told anything says so", async () => {
  open();
  expect(await screen.findByText(/cannot be told anything/)).toBeDefined();
  expect(screen.queryByRole("button", { name: "Turn on" })).toBeNull();
});

test("this browser is told from now on, by the key of the station, and no more", async () => {
  stubPush("granted");
  open();
  await userEvent.click(await screen.findByRole("button", { name: "Turn on" }));
  expect(await screen.findByText("Firefox, Linux")).toBeDefined();
  expect(subscribedBy).toBe("BKey");
  expect(changes[0]).toEqual({
    method: "POST",
    path: "/api/devices",
    body: { channel: "webPush", name: "Firefox, Linux", subscription: SUBSCRIPTION },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Turn off" }));
  expect(await screen.findByText("No device is told anything.")).toBeDefined();
  expect(subscribedBy).toBeNull();
});

test("who does not allow it is told where that is changed", async () => {
  stubPush("denied");
  open();
  await userEvent.click(await screen.findByRole("button", { name: "Turn on" }));
  expect(await screen.findByText(/Notifications are blocked here/)).toBeDefined();
  expect(changes).toEqual([]);
});

test("another device is removed after a question", async () => {
  devices = [{ id: "d7", name: "", channel: "fcm", createdAt: "2030-05-01T18:30:00Z" }];
  open();
  await userEvent.click(await screen.findByRole("button", { name: "Remove: Android" }));
  expect(changes).toEqual([]);
  await userEvent.click(screen.getByRole("button", { name: "Remove" }));
  expect(await screen.findByText("No device is told anything.")).toBeDefined();
  expect(changes[0]).toMatchObject({ method: "DELETE", path: "/api/devices/d7" });
});

test("a calendar gets an address that is shown once, another one, and none", async () => {
  open();
  await userEvent.click(await screen.findByRole("button", { name: "Make an address" }));
  const url = (await screen.findByLabelText("The address of your calendar")) as HTMLInputElement;
  expect([url.value, url.type]).toEqual(["https://radio.example/api/calendars/x.ics", "password"]);
  expect((screen.getByLabelText("The calendar of your broadcasts") as HTMLInputElement).value).toMatch(
    /\/api\/users\/ada\/calendar\.ics$/,
  );
  await userEvent.click(await screen.findByRole("button", { name: "Make a new address" }));
  const dialog = screen.getByRole("dialog", { name: "Make a new address?" });
  await userEvent.click(within(dialog).getByRole("button", { name: "Make a new address" }));
  await userEvent.click(await screen.findByRole("button", { name: "Take it away" }));
  await userEvent.click(within(screen.getByRole("dialog")).getByRole("button", { name: "Take it away" }));
  expect(await screen.findByText("There is no address yet.")).toBeDefined();
  expect(screen.queryByLabelText("The address of your calendar")).toBeNull();
  expect(changes.map(({ method }) => method)).toEqual(["POST", "POST", "DELETE"]);
});
