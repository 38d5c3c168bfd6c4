import Hls, { type HlsConfig, type LevelDetails } from "hls.js";

import { Cmcd, kindOf, sessionOf } from "./cmcd.ts";
import type { EngineEvent } from "./engine.ts";
import type { Ladder } from "./ladder.ts";
import { obey } from "./levels.ts";
import { BRIEFLY, lossOf, ONCE } from "./loading.ts";
import { NativeTape } from "./native-tape.ts";
import { streamController } from "./stream-controller.ts";
import type { OpenTapeOn, Reach, Start, Tape } from "./tape.ts";

/** No parts, no tempo of ours, and enough at hand for a step back to be heard at once. */
const CONFIG: Partial<HlsConfig> = {
  lowLatencyMode: false,
  enableWorker: false,
  testBandwidth: false,
  abrEwmaDefaultEstimate: 2_000_000,
  maxLiveSyncPlaybackRate: 1,
  liveSyncOnStallIncrease: 0,
  maxBufferLength: 30,
  backBufferLength: 60,
  manifestLoadPolicy: ONCE,
  playlistLoadPolicy: ONCE,
  fragLoadPolicy: BRIEFLY,
};

/** Opens with hls.js where it can run, else natively. */
export const openTape: OpenTapeOn = (audio, url, start, tell, ladder) =>
  Hls.isSupported() ? new HlsTape(audio, url, start, tell, ladder) : new NativeTape(audio, url, start, tell);

/** Kept sound by hls.js. */
class HlsTape implements Tape {
  readonly #tell: (event: EngineEvent) => void;
  readonly #cmcd: Cmcd;
  readonly #hls: Hls;
  /** How far before the end it begins, in seconds; null where a position says where. */
  readonly #behind: number | null;
  #details: LevelDetails | null = null;
  #free = () => {};

  constructor(
    audio: HTMLAudioElement,
    url: string,
    start: Start,
    tell: (event: EngineEvent) => void,
    ladder: Ladder,
  ) {
    this.#tell = tell;
    this.#behind = "at" in start ? null : start.behind;
    const cmcd = new Cmcd(audio, sessionOf(audio), "at" in start ? "v" : "l");
    this.#cmcd = cmcd;
    // What hls.js takes for the distance that a live playlist asks for is where this one begins.
    const begin = "at" in start ? { startPosition: start.at } : { liveSyncDuration: start.behind };
    const hls = new Hls({
      ...CONFIG,
      ...begin,
      xhrSetup: (xhr, address) => xhr.open("GET", cmcd.address(address, kindOf(address)), true),
      streamController: streamController(),
    });
    this.#hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      this.#free();
      this.#free = obey(hls, ladder);
    });
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => this.#onPlaylist(details));
    hls.on(Hls.Events.ERROR, (_, error) => {
      const event = lossOf(error, this.#details === null);
      if (event !== null) tell(event);
    });
    hls.attachMedia(audio);
    hls.loadSource(url);
  }

  resume(): void {
    this.#hls.startLoad();
  }

  close(): void {
    this.#free();
    this.#cmcd.close();
    this.#hls.destroy();
  }

  reach(): Reach | null {
    const details = this.#details;
    return details && { from: soundsFrom(details), to: details.edge };
  }

  programTime(): number | null {
    return this.#hls.playingDate?.getTime() ?? null;
  }

  #onPlaylist(details: LevelDetails): void {
    // Before anything is fetched: what is asked for may lie before the broadcast.
    if (this.#details === null && this.#behind !== null) {
      this.#hls.targetLatency = Math.min(this.#behind, details.edge - soundsFrom(details));
    }
    this.#details = details;
    this.#tell({ kind: "advanced", edge: details.edge, timeline: details.endCC });
    if (!details.live) this.#tell({ kind: "closed" });
  }
}

/** Where the first sound is: a run that has just begun lists slots before it that hold nothing (`EXT-X-GAP`). */
function soundsFrom(details: LevelDetails): number {
  return details.fragments.find((fragment) => !fragment.gap)?.start ?? details.fragmentStart;
}
