import { expect, test } from "vitest";

import { type PushParts, pushState, subscribePush } from "./push.ts";

type Registration = Partial<ServiceWorkerRegistration>;

function parts(
  registration: Registration | undefined,
  permission: NotificationPermission = "granted",
): PushParts {
  return {
    workers: {
      register: async () => registration as ServiceWorkerRegistration,
      getRegistration: async () => registration as ServiceWorkerRegistration,
    },
    notifications: { permission, requestPermission: async () => permission },
  };
}

const manager = (found: object | null) => ({ getSubscription: async () => found }) as unknown as PushManager;

test("a browser is told things, or not, or cannot be", async () => {
  expect(await pushState({ ...parts(undefined), workers: undefined })).toBe("missing");
  expect(await pushState(parts(undefined, "denied"))).toBe("denied");
  expect(await pushState(parts(undefined))).toBe("off");
  expect(await pushState(parts({ pushManager: manager(null) }))).toBe("off");
  expect(await pushState(parts({ pushManager: manager({}) }))).toBe("on");
});

test("a subscription by another station's key gives way", async () => {
  let isOld = true;
  const old = {
    unsubscribe: async () => {
      isOld = false;
    },
  };
  const pushManager = {
    getSubscription: async () => old,
    subscribe: async () => {
      if (isOld) throw new DOMException("another key", "InvalidStateError");
      return { toJSON: () => ({ endpoint: "https://push.example/2" }) };
    },
  } as unknown as PushManager;
  const registration = { active: {} as ServiceWorker, pushManager };
  expect(await subscribePush(parts(registration), "key")).toEqual({ endpoint: "https://push.example/2" });
});

test("nothing is subscribed before the worker is there", async () => {
  const worker = Object.assign(new EventTarget(), { state: "installing" });
  let subscribed = false;
  const pushManager = {
    getSubscription: async () => null,
    subscribe: async () => {
      subscribed = true;
      return { toJSON: () => ({}) };
    },
  } as unknown as PushManager;
  const registration = { active: null, installing: worker as unknown as ServiceWorker, pushManager };
  const subscribing = subscribePush(parts(registration), "key");
  await Promise.resolve();
  expect(subscribed).toBe(false);
  await new Promise((next) => setTimeout(next));
  worker.state = "activated";
  worker.dispatchEvent(new Event("statechange"));
  await subscribing;
  expect(subscribed).toBe(true);
});
