import Hls, { type ErrorData, type HlsConfig, type LevelDetails } from "hls.js";

import { type Asked, Cmcd, sessionOf } from "./cmcd.ts";
import type { Engine, EngineEvent, LossReason, OpenEngine } from "./engine.ts";
import { NativeEngine } from "./native-engine.ts";
import { partLoader } from "./part-loader.ts";
import { Preloads } from "./preloads.ts";
import { streamController } from "./stream-controller.ts";

/** Longer than the server ever holds a request (three target durations), so that it speaks first. */
const HELD_MS = 15_000;

/** The player owns the retries; a loader gives up at its first failure. */
const ONCE = {
  default: {
    maxTimeToFirstByteMs: HELD_MS,
    maxLoadTimeMs: HELD_MS,
    timeoutRetry: null,
    errorRetry: null,
  },
};

/**
 * A part or segment is tried again by itself: it costs a hole otherwise, and it may be there in a moment.
 * Half a second in all, less than what is buffered.
 */
const BRIEFLY = {
  default: {
    ...ONCE.default,
    errorRetry: { maxNumRetry: 3, retryDelayMs: 100, maxRetryDelayMs: 200 },
  },
};

const CONFIG: Partial<HlsConfig> = {
  lowLatencyMode: true,
  // Fragmented MP4 passes through as it is: a worker would only add its start and two hops a part.
  enableWorker: false,
  // Our own control of tempo and distance; see catch-up.ts.
  maxLiveSyncPlaybackRate: 1,
  liveSyncOnStallIncrease: 0,
  // Begin with the best rung: 160 kb/s at most, which a line that carries anything carries.
  testBandwidth: false,
  abrEwmaDefaultEstimate: 2_000_000,
  maxBufferLength: 15,
  backBufferLength: 15,
  manifestLoadPolicy: ONCE,
  playlistLoadPolicy: ONCE,
  fragLoadPolicy: BRIEFLY,
};

/** Opens with hls.js where it can run, else natively: browsers that have both do low latency only with hls.js. */
export const openEngine: OpenEngine = (audio, url, tell) =>
  Hls.isSupported() ? new HlsEngine(audio, url, tell) : new NativeEngine(audio, url, tell);

/** HLS by hls.js in low-latency mode. */
class HlsEngine implements Engine {
  readonly #audio: HTMLAudioElement;
  readonly #url: string;
  readonly #tell: (event: EngineEvent) => void;
  readonly #cmcd: Cmcd;
  readonly #preloads: Preloads;
  readonly #hls: Hls;
  #details: LevelDetails | null = null;

  constructor(audio: HTMLAudioElement, url: string, tell: (event: EngineEvent) => void) {
    this.#audio = audio;
    this.#url = url;
    this.#tell = tell;
    const cmcd = new Cmcd(audio, sessionOf(audio));
    this.#cmcd = cmcd;
    this.#preloads = new Preloads((part) => cmcd.address(part, "a"));
    const hls = new Hls({
      ...CONFIG,
      xhrSetup: (xhr, address) => xhr.open("GET", cmcd.address(address, kindOf(address)), true),
      fLoader: partLoader(this.#preloads),
      streamController: streamController(),
    });
    this.#hls = hls;
    hls.on(Hls.Events.MEDIA_ATTACHED, () => this.#offerAirPlay());
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#keepOneCodec());
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => this.#onPlaylist(details));
    hls.on(Hls.Events.ERROR, (_, error) => this.#onError(error));
    hls.attachMedia(audio);
    hls.loadSource(url);
  }

  resume(): void {
    this.#hls.startLoad();
  }

  close(): void {
    this.#preloads.clear();
    this.#cmcd.close();
    this.#hls.destroy();
    for (const source of this.#audio.querySelectorAll("source")) source.remove();
  }

  holdBack(): number | null {
    const details = this.#details;
    return details && (details.partHoldBack || details.holdBack || details.targetduration * 3);
  }

  partTarget(): number {
    return this.#details?.partTarget ?? 0;
  }

  programTime(): number | null {
    return this.#hls.playingDate?.getTime() ?? null;
  }

  /**
   * A change of codec restarts the decoder and is heard, so one is chosen for good: AAC, which every rung set
   * has, and Opus only where a browser has no AAC (hls.js has already dropped what the browser cannot play).
   */
  #keepOneCodec(): void {
    const isAac = this.#hls.levels.map((level) => level.audioCodec?.startsWith("mp4a") ?? false);
    if (!isAac.includes(true)) return;
    for (let level = isAac.length - 1; level >= 0; level--) {
      if (!isAac[level]) this.#hls.removeLevel(level);
    }
  }

  /** A managed media source rules out AirPlay unless the playlist itself stands beside it. */
  #offerAirPlay(): void {
    if (!("ManagedMediaSource" in window) || this.#audio.querySelector("source") === null) return;
    const playlist = document.createElement("source");
    playlist.type = "application/vnd.apple.mpegurl";
    playlist.src = this.#url;
    this.#audio.append(playlist);
    this.#audio.disableRemotePlayback = false;
  }

  #onPlaylist(details: LevelDetails): void {
    this.#details = details;
    const hint = details.preloadHint?.URI;
    if (details.live && hint) this.#preloads.request(new URL(hint, details.url).href);
    const newest = details.fragmentHint ?? details.fragments.at(-1);
    this.#tell({ kind: "advanced", edge: details.edge, timeline: newest?.cc ?? details.endCC });
    if (!details.live) this.#tell({ kind: "closed" });
  }

  #onError(error: ErrorData): void {
    if (!error.fatal) return;
    const status = error.response?.code ?? 0;
    if (error.type === Hls.ErrorTypes.NETWORK_ERROR) {
      const opening = this.#details === null;
      if (opening && status === 404) this.#tell({ kind: "absent" });
      else this.#tell({ kind: opening ? "broken" : "lost", reason: blame(status) });
    } else {
      this.#tell({ kind: "broken", reason: "media" });
    }
  }
}

function kindOf(address: string): Asked {
  const path = address.split("?")[0] ?? "";
  if (path.endsWith(".m3u8")) return "m";
  return path.endsWith("/init.mp4") ? "i" : "a";
}

function blame(status: number): LossReason {
  return status >= 400 ? "server" : "network";
}
