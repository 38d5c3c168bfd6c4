import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The server under test; `make e2e` builds it. */
const BINARY = process.env.ONAIR_BIN ?? fileURLToPath(new URL("../../target/debug/onair", import.meta.url));

/** What the server says is kept for a failing test, this much of it. */
const LOG_BYTES = 64 * 1024;

/** How long the server may take to say where it is. */
const START_MS = 30_000;

/** What the banner tells. */
interface Addresses {
  readonly web: string;
  readonly rtmp: string;
  readonly streamKey: string;
}

/** A server of its own with a data directory of its own; `close` ends it and removes what it wrote. */
export class Station {
  readonly #dataDir: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | null = null;
  #addresses: Addresses | null = null;
  #log = "";

  private constructor(dataDir: string, flags: readonly string[]) {
    this.#dataDir = dataDir;
    this.#flags = flags;
  }

  /** Starts the server on free ports. */
  static async open(...flags: string[]): Promise<Station> {
    const station = new Station(await mkdtemp(join(tmpdir(), "onair-e2e-")), flags);
    await station.#start("127.0.0.1:0", "127.0.0.1:0");
    return station;
  }

  /** The address of a page, without the slash that it begins with in a URL. */
  page(path: string): string {
    return new URL(path, this.#known.web).href;
  }

  /** The key of `studio`, as WHIP wants it. */
  get key(): string {
    return this.#known.streamKey.replace(/^.*token=/, "");
  }

  /** Where an encoder publishes `studio`. */
  get publishUrl(): string {
    return `${this.#known.rtmp}/${this.#known.streamKey}`;
  }

  /** What the server said last. */
  get log(): string {
    return this.#log;
  }

  /** Kills the server as a power cut does: no goodbye to anybody. */
  async kill(): Promise<void> {
    await end(this.#process, "SIGKILL");
    this.#process = null;
  }

  /** Starts the server again with the same data on the same ports. */
  async restart(): Promise<void> {
    const { web, rtmp } = this.#known;
    await this.#start(new URL(web).host, new URL(rtmp).host);
  }

  async close(): Promise<void> {
    await end(this.#process, "SIGTERM");
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  get #known(): Addresses {
    if (this.#addresses === null) throw new Error("the server has not said where it is");
    return this.#addresses;
  }

  async #start(http: string, rtmp: string): Promise<void> {
    const flags = [
      "serve",
      "--http",
      http,
      "--rtmp",
      rtmp,
      ...(this.#flags.includes("--rtc") ? [] : ["--rtc", "127.0.0.1:0"]),
      "--data-dir",
      this.#dataDir,
      ...this.#flags,
    ];
    const server = spawn(BINARY, flags, {
      cwd: this.#dataDir,
      env: withoutSettings(process.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = server;
    server.stderr.on("data", (bytes: Buffer) => this.#keep(bytes));
    this.#addresses = await this.#readBanner(server);
  }

  #readBanner(server: ChildProcess): Promise<Addresses> {
    return new Promise((found, failed) => {
      let banner = "";
      const late = setTimeout(() => failed(this.#failure(`no banner within ${START_MS} ms`)), START_MS);
      server.once("error", failed);
      server.once("exit", (status) => failed(this.#failure(`the server ended with ${status}`)));
      server.stdout?.on("data", (bytes: Buffer) => {
        this.#keep(bytes);
        banner += bytes.toString();
        const addresses = parseBanner(banner);
        if (addresses === null) return;
        clearTimeout(late);
        found(addresses);
      });
    });
  }

  #keep(bytes: Buffer): void {
    this.#log = (this.#log + bytes.toString()).slice(-LOG_BYTES);
  }

  #failure(what: string): Error {
    return new Error(`${what}\n${BINARY} said:\n${this.#log}`);
  }
}

/** The environment without settings of the server: a test has the defaults and its own flags. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("ONAIR_")));
}

/** The banner's lines are a label of 11 columns and a value; null until the last one needed is there. */
function parseBanner(banner: string): Addresses | null {
  const value = (label: string) => banner.match(new RegExp(`^ {2}${label} +(\\S+)\\n`, "m"))?.[1] ?? null;
  const web = value("Web");
  const rtmp = value("Server");
  const streamKey = value("Stream key");
  return web && rtmp && streamKey ? { web, rtmp, streamKey } : null;
}

/** A sound published by ffmpeg over RTMP, as fast as time passes. */
export class Publisher {
  readonly #process: ChildProcess;
  #log = "";

  /** `source` is what ffmpeg's `lavfi` makes: a 440 Hz tone unless told otherwise. */
  constructor(url: string, source = "sine=frequency=440:sample_rate=48000") {
    const encoder = ["-c:a", "aac", "-b:a", "128k", "-f", "flv", url];
    const tone = ["-re", "-f", "lavfi", "-i", source, "-ac", "2"];
    this.#process = spawn("ffmpeg", ["-hide_banner", "-loglevel", "error", ...tone, ...encoder], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process.stderr?.on("data", (bytes: Buffer) => {
      this.#log = (this.#log + bytes.toString()).slice(-LOG_BYTES);
    });
  }

  /** What the encoder complained of. */
  get log(): string {
    return this.#log;
  }

  /** Gone without a goodbye, as a laptop that is closed. */
  async drop(): Promise<void> {
    await end(this.#process, "SIGKILL");
  }
}

async function end(child: ChildProcess | null, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}
