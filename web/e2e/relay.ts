import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A TURN server (coturn) of its own on loopback, with the secret that passwords are made with. */
export class Relay {
  readonly url: string;
  readonly secret = "a-secret-that-two-servers-share";
  readonly #process: ChildProcess;
  readonly #folder: string;
  #log = "";

  private constructor(port: number, folder: string) {
    this.url = `turn:127.0.0.1:${port}?transport=udp`;
    this.#folder = folder;
    const flags = ["-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", `--listening-port=${port}`];
    flags.push(
      "--use-auth-secret",
      `--static-auth-secret=${this.secret}`,
      "--realm=onair",
      "--no-tls",
      "--no-dtls",
    );
    flags.push("--allow-loopback-peers", "--no-cli", "--log-file=stdout", "--simple-log", "--verbose");
    flags.push(`--pidfile=${join(folder, "pid")}`, `--userdb=${join(folder, "users")}`);
    this.#process = spawn("turnserver", flags, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    this.#process.stdout?.on("data", (bytes: Buffer) => {
      this.#log = (this.#log + bytes.toString()).slice(-64 * 1024);
    });
  }

  static async open(): Promise<Relay> {
    return new Relay(await freePort(), await mkdtemp(join(tmpdir(), "onair-relay-")));
  }

  /** What the server says that it has done. */
  get log(): string {
    return this.#log;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode === null) {
      this.#process.kill("SIGTERM");
      await once(this.#process, "exit");
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A port that was free a moment ago: the relay has to be told one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a listening server has an address");
  return address.port;
}
