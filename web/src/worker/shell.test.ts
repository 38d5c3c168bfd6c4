import { beforeEach, expect, test } from "vitest";

import { Shell } from "./shell.ts";

const HERE = "https://radio.example";

/** What the network has, by path; null where there is no network. */
let network: Map<string, string> | null;
let fetched: string[];
let caches: FakeCaches;

async function fetch(request: Request): Promise<Response> {
  if (network === null) throw new TypeError("no network");
  const { pathname } = new URL(request.url);
  fetched.push(pathname);
  const found = network.get(pathname);
  return new Response(found ?? null, { status: found === undefined ? 404 : 200 });
}

/** As much of a browser's caches as a shell needs. */
class FakeCache {
  readonly #kept = new Map<string, Response>();

  async addAll(paths: string[]): Promise<void> {
    for (const path of paths) {
      const answer = await fetch(new Request(HERE + path));
      if (!answer.ok) throw new TypeError(`${path} is not there`);
      this.#kept.set(path, answer);
    }
  }

  async match(asked: Request | string): Promise<Response | undefined> {
    const path = typeof asked === "string" ? asked : new URL(asked.url).pathname;
    return this.#kept.get(path)?.clone();
  }

  async put(request: Request, answer: Response): Promise<void> {
    this.#kept.set(new URL(request.url).pathname, answer);
  }

  async keys(): Promise<string[]> {
    return [...this.#kept.keys()];
  }
}

class FakeCaches {
  readonly #all = new Map<string, FakeCache>();

  async open(name: string): Promise<FakeCache> {
    const cache = this.#all.get(name) ?? new FakeCache();
    this.#all.set(name, cache);
    return cache;
  }

  async match(request: Request): Promise<Response | undefined> {
    for (const cache of this.#all.values()) {
      const found = await cache.match(request);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async keys(): Promise<string[]> {
    return [...this.#all.keys()];
  }

  async delete(name: string): Promise<boolean> {
    return this.#all.delete(name);
  }
}

beforeEach(() => {
  fetched = [];
  caches = new FakeCaches();
  network = new Map([
    ["/", "home"],
    ["/offline.html", "no connection"],
    ["/assets/index-1.js", "one"],
    ["/assets/studio-1.js", "studio"],
  ]);
});

function shell(version: string, ...files: string[]): Shell {
  const build = { version, files: ["/offline.html", ...files] };
  return new Shell({ caches: caches as unknown as CacheStorage, fetch, build });
}

const get = (path: string) => new Request(HERE + path);

const nothing = Promise.resolve(undefined);

const text = async (answer: Promise<Response>) => (await answer).text();

test("a page comes from the network, and where there is none another one says so", async () => {
  const one = shell("1");
  await one.fill();
  expect(await text(one.page(get("/"), nothing))).toBe("home");
  expect(await text(one.page(get("/"), Promise.resolve(new Response("asked ahead"))))).toBe("asked ahead");
  network = null;
  expect(await text(one.page(get("/b/studio"), nothing))).toBe("no connection");
  expect(await text(one.page(get("/"), Promise.reject(new TypeError("no network"))))).toBe("no connection");
});

test("what a build has made is fetched once", async () => {
  const one = shell("1", "/assets/index-1.js");
  await one.fill();
  fetched = [];
  expect(await text(one.kept(get("/assets/index-1.js")))).toBe("one");
  expect(await text(one.kept(get("/assets/studio-1.js")))).toBe("studio");
  expect(await text(one.kept(get("/assets/studio-1.js")))).toBe("studio");
  expect(fetched).toEqual(["/assets/studio-1.js"]);
});

test("what is not there is not kept", async () => {
  const one = shell("1");
  expect((await one.kept(get("/assets/none.js"))).status).toBe(404);
  network?.set("/assets/none.js", "there now");
  expect(await text(one.kept(get("/assets/none.js")))).toBe("there now");
});

test("a build that is not whole does not come in", async () => {
  await expect(shell("2", "/assets/gone.js").fill()).rejects.toThrow("gone.js");
});

test("the build before stays for the pages that have it; older ones go, and nothing of others", async () => {
  await caches.open("somebody else's");
  await shell("1", "/assets/index-1.js").fill();
  network = new Map([["/offline.html", "no connection, newer"]]);
  const two = shell("2");
  await two.fill();
  await two.tidy();
  expect(await text(two.kept(get("/assets/index-1.js")))).toBe("one");
  network.set("/offline.html", "no connection, newest");
  const three = shell("3");
  await three.fill();
  await three.tidy();
  expect(await caches.keys()).toEqual(["somebody else's", "onair-2", "onair-3"]);
  network = null;
  expect(await text(three.page(get("/"), nothing))).toBe("no connection, newest");
});
