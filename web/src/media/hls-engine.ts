import Hls, { type ErrorData, type HlsConfig, type LevelDetails } from "hls.js";

import { Cmcd, kindOf, sessionOf } from "./cmcd.ts";
import type { Engine, EngineEvent, OpenEngineOn } from "./engine.ts";
import type { Ladder } from "./ladder.ts";
import { obey } from "./levels.ts";
import { BRIEFLY, lossOf, ONCE } from "./loading.ts";
import { NativeEngine } from "./native-engine.ts";
import { partLoader } from "./part-loader.ts";
import { Preloads } from "./preloads.ts";
import { streamController } from "./stream-controller.ts";

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
export const openEngine: OpenEngineOn = (audio, url, tell, ladder) =>
  Hls.isSupported() ? new HlsEngine(audio, url, tell, ladder) : new NativeEngine(audio, url, tell);

/** HLS by hls.js in low-latency mode. */
class HlsEngine implements Engine {
  readonly #audio: HTMLAudioElement;
  readonly #url: string;
  readonly #tell: (event: EngineEvent) => void;
  readonly #cmcd: Cmcd;
  readonly #preloads: Preloads;
  readonly #hls: Hls;
  #details: LevelDetails | null = null;
  #free = () => {};

  constructor(audio: HTMLAudioElement, url: string, tell: (event: EngineEvent) => void, ladder: Ladder) {
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
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.#free();
      this.#free = obey(hls, ladder);
    });
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => this.#onPlaylist(details));
    hls.on(Hls.Events.ERROR, (_, error) => this.#onError(error));
    hls.attachMedia(audio);
    hls.loadSource(url);
  }

  resume(): void {
    this.#hls.startLoad();
  }

  close(): void {
    this.#free();
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
    const event = lossOf(error, this.#details === null);
    if (event !== null) this.#tell(event);
  }
}
