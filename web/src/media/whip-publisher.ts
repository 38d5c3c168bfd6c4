import { Upstream, type UpstreamParts, type UpstreamState } from "./upstream.ts";

/** How often the connection is asked how it does, in milliseconds. */
const EVERY_MS = 2000;

/** How the programme leaves this browser. */
export type Sound = "voice" | "music";

/** Opus is mono to a browser unless its offer says otherwise (RFC 7587). */
const OPUS: Readonly<Record<Sound, string>> = {
  voice: "a=fmtp:$1 minptime=10;useinbandfec=1",
  music: "a=fmtp:$1 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1",
};

/** What the encoder gets, in bits a second: beyond these nobody hears a difference. */
const BITRATE: Readonly<Record<Sound, number>> = { voice: 64_000, music: 128_000 };

/** How a connection does; null where that is not known yet. */
export interface Health {
  /** What leaves, in kb/s. */
  readonly kilobits: number | null;
  /** The share of packets that did not arrive, 0 to 1. */
  readonly loss: number | null;
  readonly roundTripMs: number | null;
  readonly jitterMs: number | null;
}

const UNKNOWN: Health = { kilobits: null, loss: null, roundTripMs: null, jitterMs: null };

/** Speaks into a broadcast by WHIP, and comes again by itself when it is cut off. */
export class WhipPublisher {
  readonly #upstream: Upstream;
  readonly #listeners = new Set<() => void>();
  #track: MediaStreamTrack | null = null;
  #sound: Sound = "voice";
  #health: Health = UNKNOWN;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #sent: { readonly bytes: number; readonly atMs: number } | null = null;

  constructor(parts: UpstreamParts) {
    this.#upstream = new Upstream(parts);
    this.#upstream.subscribe(this.#onUpstream);
  }

  /** The same object until it changes. */
  readonly getState = (): UpstreamState => this.#upstream.getState();

  /** How the connection does; the same object until it changes. */
  readonly getHealth = (): Health => this.#health;

  /** Calls `listener` after every change of state or health; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Publishes a track at an endpoint; a second call begins anew. */
  open(url: string, track: MediaStreamTrack, sound: Sound): void {
    this.#track = track;
    this.#sound = sound;
    this.#upstream.open({
      url,
      prepare: (peer) => {
        // Another device may have been chosen since.
        if (this.#track !== null) peer.addTransceiver(this.#track, { direction: "sendonly" });
      },
      mend: (sdp) => sdp.replace(/a=fmtp:(\d+) minptime=10[^\r\n]*/g, OPUS[sound]),
    });
  }

  /** Goes on with another track, as when another microphone is chosen. */
  async setTrack(track: MediaStreamTrack): Promise<void> {
    this.#track = track;
    await this.#upstream.peer?.getSenders()[0]?.replaceTrack(track);
  }

  /** Tries at once where it waits to. */
  readonly hurry = (): void => this.#upstream.hurry();

  /** Ends it, here and at the station. */
  close(): void {
    this.#track = null;
    this.#upstream.close();
  }

  readonly #onUpstream = (): void => {
    const isLive = this.getState().phase === "live";
    clearInterval(this.#ticker);
    this.#sent = null;
    this.#health = UNKNOWN;
    if (isLive) {
      this.#ticker = setInterval(() => void this.#measure(), EVERY_MS);
      void this.#limit();
    }
    this.#tell();
  };

  async #limit(): Promise<void> {
    const sender = this.#upstream.peer?.getSenders()[0];
    const parameters = sender?.getParameters();
    const [encoding] = parameters?.encodings ?? [];
    if (sender === undefined || parameters === undefined || encoding === undefined) return;
    encoding.maxBitrate = BITRATE[this.#sound];
    // A browser that does not let itself be told keeps the rate that it chose.
    await sender.setParameters(parameters).catch(() => {});
  }

  async #measure(): Promise<void> {
    const peer = this.#upstream.peer;
    const report = await peer?.getStats().catch(() => undefined);
    if (report === undefined || peer !== this.#upstream.peer || this.getState().phase !== "live") return;
    let health = this.#health;
    report.forEach((stats: RTCStats & Record<string, unknown>) => {
      if (stats.type === "outbound-rtp" && typeof stats.bytesSent === "number") {
        const sent = { bytes: stats.bytesSent, atMs: stats.timestamp };
        const before = this.#sent;
        if (before !== null && sent.atMs > before.atMs) {
          const kilobits = ((sent.bytes - before.bytes) * 8) / (sent.atMs - before.atMs);
          health = { ...health, kilobits: Math.round(kilobits) };
        }
        this.#sent = sent;
      } else if (stats.type === "remote-inbound-rtp") {
        health = {
          ...health,
          loss: numberOr(stats.fractionLost, health.loss),
          roundTripMs: milliseconds(stats.roundTripTime, health.roundTripMs),
          jitterMs: milliseconds(stats.jitter, health.jitterMs),
        };
      }
    });
    this.#health = health;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function numberOr(value: unknown, otherwise: number | null): number | null {
  return typeof value === "number" ? value : otherwise;
}

/** Of seconds, whole. */
function milliseconds(seconds: unknown, otherwise: number | null): number | null {
  return typeof seconds === "number" ? Math.round(seconds * 1000) : otherwise;
}
