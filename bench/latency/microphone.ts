import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

import { ClockTone, RATE } from "./clock-tone.ts";

/** A sound card hands over its samples in pieces of about this length, in milliseconds. */
const PIECE_MS = 10;

/** What is put into ffmpeg's pipe and not yet taken: beyond this the machine is too slow to measure on. */
const UNREAD_BYTES = RATE;

/** ffmpeg without the waits that it adds by default, encoding as OBS does: AAC-LC, 128 kb/s, stereo. */
const ENCODE = [
  ...[
    "-hide_banner",
    "-loglevel",
    "error",
    "-fflags",
    "nobuffer",
    "-probesize",
    "32",
    "-analyzeduration",
    "0",
  ],
  ...["-f", "s16le", "-ar", String(RATE), "-ac", "1", "-i", "pipe:0"],
  ...["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-flush_packets", "1", "-f", "flv"],
];

/** A microphone that hears the wall clock: the tone of each instant, made at that instant, and published. */
export class Microphone {
  readonly #encoder: ChildProcessByStdio<Writable, Readable, null>;
  readonly #tone: ClockTone;
  readonly #startMs: number;
  readonly #startMonotonic: number;
  readonly #timer: NodeJS.Timeout;
  #closed = false;
  #dropped = 0;

  /** Publishes to `url`, an RTMP address, or `pipe:1` for `output`. */
  constructor(url: string) {
    this.#encoder = spawn("ffmpeg", [...ENCODE, url], { stdio: ["pipe", "pipe", "inherit"] });
    this.#encoder.stdin.on("error", () => {
      // The pipe breaks when the encoder ends first; `close` is then all that is left to do.
      this.#closed = true;
    });
    this.#startMs = Date.now();
    this.#startMonotonic = performance.now();
    this.#tone = new ClockTone(this.#startMs / 1000);
    this.#timer = setInterval(() => this.#hear(), PIECE_MS);
  }

  /** Milliseconds since 1970 of the first sample. */
  get startMs(): number {
    return this.#startMs;
  }

  /** What the encoder writes to `pipe:1`. */
  get output(): Readable {
    return this.#encoder.stdout;
  }

  /** How far the wall clock has moved against the monotonic one that paces the tone, in milliseconds. */
  get clockDriftMs(): number {
    return Date.now() - this.#startMs - (performance.now() - this.#startMonotonic);
  }

  /** Pieces that the encoder was too slow to take. */
  get dropped(): number {
    return this.#dropped;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closed = true;
    if (this.#encoder.exitCode !== null || this.#encoder.signalCode !== null) return;
    const gone = once(this.#encoder, "exit");
    this.#encoder.kill("SIGKILL");
    await gone;
  }

  #hear(): void {
    if (this.#closed) return;
    const due = Math.floor(((performance.now() - this.#startMonotonic) / 1000) * RATE);
    const samples = this.#tone.next(due - this.#tone.made);
    if (this.#encoder.stdin.writableLength > UNREAD_BYTES) {
      this.#dropped += 1;
      return;
    }
    const bytes = new Int16Array(samples.length);
    for (let index = 0; index < samples.length; index++) bytes[index] = (samples[index] ?? 0) * 32_767;
    this.#encoder.stdin.write(new Uint8Array(bytes.buffer));
  }
}
