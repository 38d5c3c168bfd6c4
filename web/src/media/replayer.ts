import type { BackoffLimits } from "../backoff.ts";
import { play, take } from "./element.ts";
import type { EngineEvent, LossReason } from "./engine.ts";
import { Observable } from "./observable.ts";
import { Retry } from "./retry.ts";
import type { OpenTape, Reach, Start, Tape } from "./tape.ts";

/** How often what is shown may change, in milliseconds. */
const TICK_MS = 250;

/** A server that went away is back within seconds. */
const RECOVERY: BackoffLimits = { firstMs: 500, capMs: 8000 };

/** Resumptions of one tape before a new one is made. */
const RESUMPTIONS = 3;

/** What can be sought in what goes on ends so long before its end: nearer there is nothing to be had yet. */
const EDGE_SECONDS = 3;

/** The slowest and the fastest that a voice is still understood. */
export const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2] as const;

export type ReplayPhase =
  | "idle"
  | "opening"
  | "playing"
  | "paused"
  /** The browser wants a gesture before it plays. */
  | "blocked"
  /** The sound has run out and comes back by itself. */
  | "recovering"
  /** Nothing is kept at the address. */
  | "absent"
  /** Heard to its end. */
  | "ended";

/** What the listener experiences. */
export interface ReplayState {
  readonly phase: ReplayPhase;
  /** What was lost, while `recovering`. */
  readonly reason: LossReason;
  /** Seconds of media time. */
  readonly position: number;
  /** What can be sought; null while unknown. */
  readonly reach: Reach | null;
  /** Whether it goes on while it is heard. */
  readonly isLive: boolean;
  /** From the programme's clock to the ear in whole seconds; null while unknown, and where it does not go on. */
  readonly behindSeconds: number | null;
  readonly speed: number;
}

/** What a replayer is given from outside. */
export interface ReplayerParts {
  readonly open: OpenTape;
  /** The server's wall clock in milliseconds since 1970; null while unknown. */
  readonly serverNow: () => number | null;
  /** In [0, 1), for the jitter of the retries. */
  readonly random: () => number;
}

const IDLE: ReplayState = {
  phase: "idle",
  reason: "network",
  position: 0,
  reach: null,
  isLive: false,
  behindSeconds: null,
  speed: 1,
};

/**
 * Hears what is kept, of a broadcast that goes on or of one that is over: from anywhere in it, at the speed that one
 * likes. Keeps no distance, and hurries nowhere.
 */
export class Replayer extends Observable<ReplayState> {
  readonly #parts: ReplayerParts;
  readonly #retry: Retry;

  #audio: HTMLAudioElement | null = null;
  #url = "";
  #tape: Tape | null = null;
  #opened: AbortController | null = null;
  #ticker: ReturnType<typeof setInterval> | undefined;
  /** The playlist has its end. */
  #complete = false;
  #wantsSound = false;
  /** The element is where this tape is. */
  #begun = false;
  /** Where the end was when the last playlist came, and when (monotonic, ms) that was. */
  #edge: { readonly at: number; readonly sinceMs: number } | null = null;

  constructor(parts: ReplayerParts) {
    super(IDLE);
    this.#parts = parts;
    this.#retry = new Retry(parts.random);
  }

  /** Which moment of the programme is heard, in milliseconds since 1970 by its clock; null while unknown. */
  programTime(): number | null {
    return this.#tape?.programTime() ?? null;
  }

  /** Begins to play `url` on `audio`. To be called from a gesture; a second call begins anew. */
  attach(audio: HTMLAudioElement, url: string, start: Start): void {
    this.#release();
    this.#audio = audio;
    this.#url = url;
    this.#retry.forgive();
    this.#wantsSound = true;
    const isLive = "behind" in start;
    this.#complete = !isLive;
    this.become({
      ...IDLE,
      phase: "opening",
      isLive,
      position: "at" in start ? start.at : 0,
      speed: this.getState().speed,
    });
    this.#opened = new AbortController();
    const { signal } = this.#opened;
    const ears = {
      onPlaying: this.#onPlaying,
      onWaiting: this.#onWaiting,
      onPause: this.#onPause,
      onEnded: this.#onEnded,
      onOnline: this.#retry.now,
    };
    take(audio, ears, signal);
    audio.addEventListener("seeking", this.#tick, { signal });
    this.#ticker = setInterval(this.#tick, TICK_MS);
    this.#open(start);
  }

  /** Goes on; from the beginning where it was heard to its end. To be called from a gesture. */
  play(): void {
    const audio = this.#audio;
    if (audio === null) return;
    this.#wantsSound = true;
    if (this.getState().phase === "ended") this.seek(this.getState().reach?.from ?? 0);
    this.#play(audio);
  }

  /** Stands still; what goes on goes on without it. */
  pause(): void {
    this.#wantsSound = false;
    this.#audio?.pause();
    if (this.#audio !== null && this.getState().phase !== "idle") this.#show("paused");
  }

  /** Goes to a position (seconds of media time), or as near to it as there is something. */
  seek(position: number): void {
    const audio = this.#audio;
    const { reach, isLive, phase } = this.getState();
    if (audio === null || reach === null || !Number.isFinite(position)) return;
    const last = isLive ? reach.to - EDGE_SECONDS : reach.to;
    audio.currentTime = Math.max(reach.from, Math.min(position, last));
    this.#begun = true;
    if (phase === "ended") this.#show(audio.paused ? "paused" : "opening");
    else this.#tick();
  }

  /** Goes so many seconds forward, or back where they are negative. */
  step(seconds: number): void {
    if (this.#audio !== null) this.seek(this.#audio.currentTime + seconds);
  }

  /** How fast, 1 as it was spoken; the pitch stays. Until told otherwise, also of what is opened next. */
  setSpeed(speed: number): void {
    if (!SPEEDS.some((known) => known === speed)) return;
    if (this.#audio !== null) this.#audio.playbackRate = speed;
    this.become({ ...this.getState(), speed });
  }

  /** Ends everything; the replayer may be attached again. */
  close(): void {
    this.#release();
    this.become({ ...IDLE, speed: this.getState().speed });
  }

  #open(start: Start): void {
    const audio = this.#audio;
    if (audio === null) return;
    this.#edge = null;
    this.#begun = false;
    this.#tape = this.#parts.open(audio, this.#url, start, this.#onTape);
    // A new source sets the element's speed to its default.
    audio.defaultPlaybackRate = this.getState().speed;
    audio.playbackRate = this.getState().speed;
    if (this.#wantsSound) this.#play(audio);
  }

  #play(audio: HTMLAudioElement): void {
    play(audio, () => {
      if (this.#audio !== null) this.#show("blocked");
    });
  }

  readonly #onTape = (event: EngineEvent): void => {
    switch (event.kind) {
      case "advanced":
        this.#edge = { at: event.edge, sinceMs: performance.now() };
        if (this.getState().phase !== "recovering") this.#retry.forgive();
        this.#tick();
        break;
      case "closed":
        this.#complete = true;
        this.#tick();
        break;
      case "absent":
        this.#release();
        this.become({ ...this.getState(), phase: "absent" });
        break;
      case "lost":
        this.#schedule(event.reason, this.#retry.next(RESUMPTIONS, this.#resume, this.#reopen));
        break;
      case "broken":
        this.#schedule(event.reason, this.#reopen);
        break;
    }
  };

  /** The one place that retries. What is at hand plays on meanwhile. */
  #schedule(reason: LossReason, again: () => void): void {
    this.#retry.schedule(RECOVERY, again);
    const { phase } = this.getState();
    const isSilent = again === this.#reopen || phase === "opening" || this.#audio?.seeking === true;
    this.become({ ...this.getState(), reason, phase: isSilent && phase !== "paused" ? "recovering" : phase });
  }

  readonly #resume = (): void => {
    this.#tape?.resume();
  };

  /** A new tape counts from elsewhere, so of what goes on it is the distance from the end that is kept. */
  readonly #reopen = (): void => {
    const { position, reach, isLive } = this.getState();
    const start = isLive && reach !== null ? { behind: reach.to - position } : { at: position };
    this.#dropTape();
    this.#open(start);
  };

  readonly #onPlaying = (): void => {
    this.#retry.forgive();
    this.#begun = true;
    this.#show("playing");
  };

  /** A seek is over in a moment, or fails and is told then. */
  readonly #onWaiting = (): void => {
    if (this.getState().phase === "playing" && this.#audio?.seeking === false) this.#show("opening");
  };

  /** Somebody else paused the element as well (a headset's button, a call): it stays until told to go on. */
  readonly #onPause = (): void => {
    const { phase } = this.getState();
    if (this.#tape === null || this.#audio?.ended || phase === "blocked" || phase === "recovering") return;
    this.#wantsSound = false;
    this.#show("paused");
  };

  readonly #onEnded = (): void => {
    if (this.#complete) this.#show("ended");
  };

  readonly #tick = (): void => {
    this.#show(this.getState().phase);
  };

  #show(phase: ReplayPhase): void {
    const audio = this.#audio;
    if (audio === null) return;
    const isLive = !this.#complete;
    const known = this.#tape?.reach() ?? null;
    const reach = known && this.#grown(known, isLive);
    const position = this.#begun ? quarter(audio.currentTime) : this.getState().position;
    const behindSeconds = isLive && this.#begun ? this.#behind(position, reach) : null;
    this.become({
      ...this.getState(),
      phase,
      position,
      reach: reach ?? this.getState().reach,
      isLive,
      behindSeconds,
    });
  }

  /** Between two playlists the end goes on as the clock does. */
  #grown(reach: Reach, isLive: boolean): Reach {
    const elapsed = isLive && this.#edge !== null ? (performance.now() - this.#edge.sinceMs) / 1000 : 0;
    return { from: quarter(reach.from), to: quarter(reach.to + elapsed) };
  }

  #behind(position: number, reach: Reach | null): number | null {
    const heard = this.#tape?.programTime() ?? null;
    const now = this.#parts.serverNow();
    if (heard !== null && now !== null) return Math.max(0, Math.round((now - heard) / 1000));
    return reach && Math.max(0, Math.round(reach.to - position));
  }

  #dropTape(): void {
    const tape = this.#tape;
    // First forgotten, then closed: what its element says while it closes is not about us any more.
    this.#tape = null;
    tape?.close();
  }

  #release(): void {
    clearInterval(this.#ticker);
    this.#retry.cancel();
    this.#opened?.abort();
    this.#dropTape();
    this.#audio?.pause();
    this.#audio = null;
  }

  protected isSame(one: ReplayState, other: ReplayState): boolean {
    return sameReplay(one, other);
  }
}

function quarter(seconds: number): number {
  return Math.round(seconds * 4) / 4;
}

function sameReplay(one: ReplayState, other: ReplayState): boolean {
  return (
    one.phase === other.phase &&
    one.reason === other.reason &&
    one.position === other.position &&
    one.reach?.from === other.reach?.from &&
    one.reach?.to === other.reach?.to &&
    one.isLive === other.isLive &&
    one.behindSeconds === other.behindSeconds &&
    one.speed === other.speed
  );
}
