import { OFFLINE } from "./way.ts";

/** What one build of the app is made of. */
export interface Build {
  /** Another one for every build that differs. */
  readonly version: string;
  /** What is fetched ahead: what a page loads first, and the page for when there is no connection. */
  readonly files: readonly string[];
}

/** What a shell is given from outside. */
export interface ShellParts {
  readonly caches: CacheStorage;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly build: Build;
}

/** How the caches of all builds begin. */
const PREFIX = "onair-";

/** Files that one build may keep; it has about fifty, and what is beyond is fetched each time. */
const MOST = 150;

/** The app as it is kept on a device: each build in a cache of its own, the newest and the one before it. */
export class Shell {
  readonly #parts: ShellParts;

  constructor(parts: ShellParts) {
    this.#parts = parts;
  }

  /** Fetches what a page needs first. Fails where one of it cannot be had: then the build before stays. */
  async fill(): Promise<void> {
    const cache = await this.#own();
    await cache.addAll([...this.#parts.build.files]);
  }

  /** Forgets all builds but this one and the one before it, whose pages may still be open. */
  async tidy(): Promise<void> {
    const { caches } = this.#parts;
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(PREFIX) && name !== this.#name);
    await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
  }

  /** A page from the network, `ahead` where the browser has asked already; else the one that says there is none. */
  async page(request: Request, ahead: Promise<Response | undefined>): Promise<Response> {
    try {
      return (await ahead) ?? (await this.#parts.fetch(request));
    } catch (error) {
      const offline = await (await this.#own()).match(OFFLINE);
      if (offline === undefined) throw error;
      return offline;
    }
  }

  /** What never changes, from what is kept; what is not there yet is fetched, and kept from then on. */
  async kept(request: Request): Promise<Response> {
    const { caches, fetch } = this.#parts;
    const own = await this.#own();
    const known = (await own.match(request)) ?? (await caches.match(request));
    if (known !== undefined) return known;
    const answer = await fetch(request);
    if (answer.ok && (await own.keys()).length < MOST) {
      // A device without room for it does without.
      await own.put(request, answer.clone()).catch(() => {});
    }
    return answer;
  }

  get #name(): string {
    return PREFIX + this.#parts.build.version;
  }

  #own(): Promise<Cache> {
    return this.#parts.caches.open(this.#name);
  }
}
