import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** What a browser has for service workers, as far as is needed. */
class FakeWorkers extends EventTarget {
  controller: object | null = null;
  readonly registered: string[] = [];
  updates = 0;

  async register(address: string): Promise<object> {
    this.registered.push(address);
    return {
      update: async () => {
        this.updates += 1;
      },
    };
  }

  /** A worker takes the page over. */
  takeOver(): void {
    this.controller = {};
    this.dispatchEvent(new Event("controllerchange"));
  }
}

let workers: FakeWorkers;

beforeEach(() => {
  vi.resetModules();
  workers = new FakeWorkers();
  vi.stubGlobal("navigator", Object.assign(Object.create(navigator), { serviceWorker: workers as unknown }));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the first worker is as new as the page, the next one is newer", async () => {
  const { install, isOutdated } = await import("./freshness.ts");
  install();
  await vi.waitFor(() => expect(workers.registered).toEqual(["/sw.js"]));
  workers.takeOver();
  expect(isOutdated()).toBe(false);
  workers.takeOver();
  expect(isOutdated()).toBe(true);
});

test("a page that came by a worker is outdated by the first change", async () => {
  workers.controller = {};
  const { install, isOutdated } = await import("./freshness.ts");
  install();
  workers.takeOver();
  expect(isOutdated()).toBe(true);
});

test("who comes back after an hour asks whether there is something newer", async () => {
  vi.useFakeTimers();
  const { install } = await import("./freshness.ts");
  install();
  await vi.advanceTimersByTimeAsync(0);
  const look = () => document.dispatchEvent(new Event("visibilitychange"));
  look();
  expect(workers.updates).toBe(0);
  await vi.advanceTimersByTimeAsync(60 * 60_000);
  look();
  look();
  expect(workers.updates).toBe(1);
});

test("a page in a frame of others installs nothing", async () => {
  vi.stubGlobal("parent", {});
  const { install } = await import("./freshness.ts");
  install();
  await Promise.resolve();
  expect(workers.registered).toEqual([]);
});
