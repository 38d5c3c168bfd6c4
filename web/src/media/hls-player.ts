import type { BackoffLimits } from "../backoff.ts";
import { CatchUp } from "./catch-up.ts";
import { play, take } from "./element.ts";
import type { Engine, EngineEvent, LossReason, OpenEngine } from "./engine.ts";
import { LiveEdge } from "./live-edge.ts";
import { Observable } from "./observable.ts";
import { type PlayerState, sameState } from "./player-state.ts";
import { type Ear, jumpTo, mustHold, nextSound, pastRepetition } from "./playhead.ts";
import { Retry } from "./retry.ts";

/** How often tempo and distance are looked after, in milliseconds. */
const TICK_MS = 100;

/** How often the shown latency may change. */
const LATENCY_EVERY_MS = 1000;

/** A `waiting` shorter than this is the browser catching its breath, not a stall. */
const STALL_MS = 50;

/** How long an ear is fresh after the sound has begun or come back: the playhead may jump where it belongs. */
const FRESH_MS = 1000;

/** Silence after which the listener is told that something is amiss. */
const TELL_MS = 400;

/** Silence after which an engine that has played is given up for a new one. */
const GIVE_UP_MS = 4000;

/** Silence after which an engine that never played is: a slow line may need that long to begin. */
const GIVE_UP_OPENING_MS = 8000;

/** While sound is owed: quick at first, since a restarted server is back within seconds; for ever. */
const RECOVERY: BackoffLimits = { firstMs: 250, capMs: 4000 };

/** While nothing is on air: a question every two seconds or so. */
const PATIENCE: BackoffLimits = { firstMs: 2000, capMs: 2500 };

/** Resumptions of one engine before a new one is made. */
const RESUMPTIONS = 4;

/** Behind the last playlist's end by less than this, a programme with an end has been heard out. */
const TAIL_SECONDS = 0.3;

/** What a player is given from outside. */
export interface PlayerParts {
  readonly open: OpenEngine;
  /** The server's wall clock in milliseconds since 1970; null while unknown. */
  readonly serverNow: () => number | null;
  /** In [0, 1), for the jitter of the retries. */
  readonly random: () => number;
}

/**
 * Listening: opens a programme on an audio element, keeps it near the live edge, and never gives up while it
 * is open. The listener presses Listen once.
 */
export class HlsPlayer extends Observable<PlayerState> {
  readonly #parts: PlayerParts;
  readonly #retry: Retry;

  #audio: HTMLAudioElement | null = null;
  #url = "";
  #engine: Engine | null = null;
  #opened: AbortController | null = null;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #lastLoss: LossReason = "network";

  readonly #edge = new LiveEdge();
  #catchUp = new CatchUp();
  #freshUntilMs = 0;
  /** Where the programme ends (seconds of media time), once its playlist has an end. */
  #end: number | null = null;
  #newestEdge = 0;
  #heard = false;
  #heardFromEngine = false;
  /** The programme's clock (ms since 1970) up to which it was heard. */
  #heardUntilMs: number | null = null;
  /** A new engine begins with what was heard before the silence. */
  #repeats = false;
  /** The playhead stands still until the edge is far enough ahead. */
  #held = false;
  #silentSinceMs: number | null = null;
  #stallCounted = false;
  #latencyAtMs = 0;

  constructor(parts: PlayerParts) {
    super({ phase: "idle" });
    this.#parts = parts;
    this.#retry = new Retry(parts.random);
  }

  /** Begins to play `url` on `audio`. To be called from a gesture; a second call begins anew. */
  attach(audio: HTMLAudioElement, url: string): void {
    this.#release();
    this.#audio = audio;
    this.#url = url;
    this.#heard = false;
    this.#heardUntilMs = null;
    this.#retry.forgive();
    this.#catchUp = new CatchUp();
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
    this.#ticker = setInterval(this.#tick, TICK_MS);
    this.#open();
  }

  /** Plays after `blocked`. To be called from a gesture. */
  unblock(): void {
    if (this.getState().phase !== "blocked") return;
    this.become({ phase: "opening" });
    this.#play();
  }

  /** The programme's clock (ms since 1970) of what is heard now; null while unknown. */
  programTime(): number | null {
    return this.#engine?.programTime() ?? null;
  }

  /** Ends everything; the player may be attached again. */
  close(): void {
    this.#release();
    this.become({ phase: "idle" });
  }

  #open(): void {
    const audio = this.#audio;
    if (audio === null) return;
    this.#edge.reset();
    this.#freshUntilMs = 0;
    this.#end = null;
    this.#heardFromEngine = false;
    this.#repeats = false;
    this.#held = false;
    setRate(audio, 1);
    this.#silentSinceMs = performance.now();
    this.#stallCounted = true;
    if (this.#retry.attempt === 0) this.become({ phase: "opening" });
    this.#engine = this.#parts.open(audio, this.#url, this.#onEngine);
    this.#play();
  }

  #play(): void {
    if (this.#audio === null) return;
    play(this.#audio, () => {
      if (this.#audio !== null) this.become({ phase: "blocked" });
    });
  }

  readonly #onEngine = (event: EngineEvent): void => {
    switch (event.kind) {
      case "advanced":
        this.#edge.observe(event.edge, event.timeline, performance.now());
        this.#newestEdge = event.edge;
        // While it is silent a playlist alone proves little: its parts may still be out of reach.
        if (this.#silentSinceMs === null) this.#retry.forgive();
        break;
      case "closed":
        this.#end = this.#newestEdge;
        // What an engine opens with its end already there is a recording, not what was asked for.
        if (!this.#heardFromEngine) this.#finish();
        break;
      case "absent":
        this.#dropEngine();
        if (this.#heard) this.#schedule("server", RECOVERY, this.#reopen);
        else {
          this.become({ phase: "waiting" });
          this.#schedule("server", PATIENCE, this.#reopen);
        }
        break;
      case "lost":
        this.#schedule(event.reason, RECOVERY, this.#retry.next(RESUMPTIONS, this.#resume, this.#reopen));
        break;
      case "broken":
        this.#dropEngine();
        this.#schedule(event.reason, RECOVERY, this.#reopen);
        break;
    }
  };

  /** The one place that retries: every loss, of whatever kind, ends here. */
  #schedule(reason: LossReason, limits: BackoffLimits, again: () => void): void {
    this.#retry.schedule(limits, again);
    this.#lastLoss = reason;
    const { phase } = this.getState();
    const nothingToHear = this.#engine === null && phase !== "waiting";
    if (nothingToHear || phase === "recovering") {
      this.become({ phase: "recovering", attempt: this.#retry.attempt, reason });
    }
  }

  readonly #resume = (): void => {
    this.#engine?.resume();
  };

  readonly #reopen = (): void => {
    this.#dropEngine();
    this.#open();
  };

  readonly #onPlaying = (): void => {
    this.#repeats = this.#repetition() > 0;
    if (this.#audio !== null && this.#repeats) this.#passOverRepetition(this.#audio);
    else this.#onSound();
  };

  #onSound(): void {
    const now = performance.now();
    const interrupted = this.#silentSinceMs !== null && this.#stallCounted;
    if (interrupted) this.#freshUntilMs = now + FRESH_MS;
    this.#silentSinceMs = null;
    this.#stallCounted = false;
    this.#heard = true;
    this.#heardFromEngine = true;
    this.#retry.forgive();
    this.#latencyAtMs = now;
    this.become({ phase: "playing", latencySeconds: this.#latency() });
    if (this.#audio === null) return;
    if (!this.#held && this.#audio.playbackRate === 0) setRate(this.#audio, 1);
    if (interrupted) this.#keepDistance(this.#audio, now);
  }

  readonly #onWaiting = (): void => {
    this.#repeats = false;
    if (this.#audio?.seeking) return;
    if (this.#silentSinceMs === null) this.#noteHeard();
    this.#silentSinceMs ??= performance.now();
  };

  #noteHeard(): void {
    const heard = this.#engine?.programTime() ?? null;
    if (heard !== null) this.#heardUntilMs = Math.max(heard, this.#heardUntilMs ?? heard);
  }

  /** How many seconds of what a new engine begins with were heard from the one before it. */
  #repetition(): number {
    const heard = this.#engine?.programTime() ?? null;
    if (this.#heardFromEngine || heard === null || this.#heardUntilMs === null) return 0;
    // An engine that keeps its distance itself also decides where it begins.
    if ((this.#engine?.holdBack() ?? null) === null) return 0;
    return Math.max(0, (this.#heardUntilMs - heard) / 1000);
  }

  /** Stands still until there is something new: a seek to the very end of what is buffered would never be over. */
  #passOverRepetition(audio: HTMLAudioElement): void {
    if (audio.seeking) return;
    const repeated = this.#repetition();
    if (repeated === 0) {
      this.#repeats = false;
      this.#onSound();
      return;
    }
    setRate(audio, 0);
    const position = pastRepetition(audio, repeated);
    if (position !== null) audio.currentTime = position;
  }

  /** Somebody else paused the element (a headset's button, a call): that is a wish to stop. */
  readonly #onPause = (): void => {
    const audio = this.#audio;
    if (audio === null || audio.ended || this.#engine === null || this.getState().phase === "blocked") return;
    this.close();
  };

  readonly #onEnded = (): void => {
    if (this.#end !== null) this.#finish();
  };

  #finish(): void {
    this.#release();
    this.become({ phase: "ended" });
  }

  readonly #tick = (): void => {
    const audio = this.#audio;
    if (audio === null) return;
    const now = performance.now();
    if (this.#repeats) this.#passOverRepetition(audio);
    if (this.#silentSinceMs === null) this.#keepDistance(audio, now);
    else this.#endureSilence(audio, now, now - this.#silentSinceMs);
  };

  #keepDistance(audio: HTMLAudioElement, now: number): void {
    this.#noteHeard();
    const edge = this.#edge.at(now);
    const holdBack = this.#engine?.holdBack() ?? null;
    // The first playlist may be a whole part old: it cannot tell where the edge is.
    if (edge !== null && holdBack !== null && this.#edge.isSure && !audio.seeking && this.#end === null) {
      const target = this.#catchUp.target(holdBack, now);
      const ear: Ear = now < this.#freshUntilMs ? "fresh" : "settled";
      const distance = edge - audio.currentTime;
      const jump = jumpTo(audio, edge, target, ear);
      this.#held = (this.#held || ear === "fresh") && mustHold(distance, holdBack, this.#held);
      if (jump !== null) audio.currentTime = jump;
      else setRate(audio, this.#held ? 0 : this.#catchUp.rate(distance, target));
    } else if (this.#held) {
      this.#held = false;
      setRate(audio, 1);
    }
    if (now - this.#latencyAtMs >= LATENCY_EVERY_MS) {
      this.#latencyAtMs = now;
      this.become({ phase: "playing", latencySeconds: this.#latency() });
    }
  }

  #endureSilence(audio: HTMLAudioElement, now: number, silentMs: number): void {
    const { phase } = this.getState();
    if (phase === "waiting" || phase === "blocked") return;
    if (this.#end !== null && (this.#end - audio.currentTime < TAIL_SECONDS || silentMs >= GIVE_UP_MS)) {
      this.#finish();
      return;
    }
    if (silentMs >= STALL_MS && !this.#stallCounted) {
      this.#stallCounted = true;
      this.#catchUp.stalled(this.#engine?.partTarget() ?? 0, now);
      setRate(audio, 1);
    }
    this.#hopOverHole(audio, now);
    if (silentMs >= TELL_MS && phase === "playing") {
      this.become({ phase: "recovering", attempt: this.#retry.attempt, reason: this.#lastLoss });
    }
    const patience = this.#heardFromEngine ? GIVE_UP_MS : GIVE_UP_OPENING_MS;
    if (silentMs >= patience && this.#engine !== null && !this.#retry.isPending) {
      this.#onEngine({ kind: "broken", reason: this.#lastLoss });
    }
  }

  #hopOverHole(audio: HTMLAudioElement, now: number): void {
    const edge = this.#edge.at(now);
    const holdBack = this.#engine?.holdBack() ?? null;
    if (!this.#heard || edge === null || holdBack === null || audio.seeking) return;
    const position = nextSound(audio, edge, this.#catchUp.target(holdBack, now));
    if (position !== null) audio.currentTime = position;
  }

  /** Seconds from the programme's clock to the ear, in tenths. */
  #latency(): number | null {
    const heard = this.#engine?.programTime() ?? null;
    const now = this.#parts.serverNow();
    return heard === null || now === null ? null : Math.max(0, Math.round((now - heard) / 100) / 10);
  }

  #dropEngine(): void {
    const engine = this.#engine;
    // First forgotten, then closed: what its element says while it closes is not about us any more.
    this.#engine = null;
    engine?.close();
  }

  #release(): void {
    clearInterval(this.#ticker);
    this.#retry.cancel();
    this.#opened?.abort();
    this.#dropEngine();
    this.#audio?.pause();
    this.#audio = null;
  }

  protected isSame(one: PlayerState, other: PlayerState): boolean {
    return sameState(one, other);
  }
}

/** Hundredths, and only when they change: each change makes the browser plan its output anew. */
function setRate(audio: HTMLAudioElement, rate: number): void {
  const rounded = Math.round(rate * 100) / 100;
  if (audio.playbackRate !== rounded) audio.playbackRate = rounded;
}
