import { type BackoffLimits, backoffMs } from "../backoff.ts";
import { Crossing, type Step } from "./crossing.ts";
import type { Desk, Transport } from "./desk.ts";
import type { HlsPlayer } from "./hls-player.ts";
import { type PlayerState, sameState } from "./player-state.ts";
import type { Invitation, WhepPlayer } from "./whep-player.ts";

/** How often a move and the distance are looked after, in milliseconds. */
const TICK_MS = 100;

/** How often the shown latency may change, in milliseconds. */
const LATENCY_EVERY_MS = 1000;

/** After a crossing both go on for as long, so that a fade is over, in milliseconds. */
const LEAVE_MS = 200;

/** How long WebRTC stays where HLS was before it goes forward, in milliseconds. */
const STAY_MS = 1000;

/** An answer that takes longer is not waited for, in milliseconds. */
const ANSWER_MS = 3000;

/** WebRTC that has failed is tried again beside HLS: a network that lets it through may come. */
const AGAIN: BackoffLimits = { firstMs: 15_000, capMs: 120_000 };

/** So often; a network that never lets it through is left alone. */
const ATTEMPTS = 4;

/** What the person wants, or `auto`: what the station says. */
export type Choice = "auto" | Transport;

/** By which way the programme is heard, and by which it is to be. */
export interface Route {
  /** Null while nothing is. */
  readonly heard: Transport | null;
  /** Where a move goes that is under way. */
  readonly movingTo: Transport | null;
  readonly choice: Choice;
}

/** Where a broadcast is heard. */
export interface Addresses {
  readonly hlsUrl: string;
  /** Null where the station has no WebRTC. */
  readonly whepUrl: string | null;
}

/** What the station says when it is asked how to hear a broadcast. */
export interface Advice {
  readonly transport: Transport;
  /** Null where the station has no WebRTC. */
  readonly invitation: Invitation | null;
}

/** What a receiver is given from outside. */
export interface ReceiverParts {
  readonly hls: HlsPlayer;
  readonly whep: WhepPlayer;
  readonly ask: (signal: AbortSignal) => Promise<Advice>;
  /** Made when it is first needed, in a gesture; null where this browser has none. */
  readonly openDesk: () => Desk | null;
  /** Whether the sound of the element may be taken to the desk. */
  readonly takesHls: boolean;
  /** The server's wall clock in milliseconds since 1970; null while unknown. */
  readonly serverNow: () => number | null;
  /** In [0, 1), for the jitter of the retries. */
  readonly random: () => number;
}

/** A move under way, and whether it takes the time to be unheard. */
interface Move {
  readonly crossing: Crossing;
  readonly how: "unheard" | "at once";
}

/**
 * Listening by whichever way there is: WebRTC while there is a place, else HLS; from one to the other while the
 * programme goes on, and back to HLS whenever WebRTC does not come about or breaks.
 */
export class Receiver {
  readonly #parts: ReceiverParts;
  readonly #listeners = new Set<() => void>();
  #state: PlayerState = { phase: "idle" };
  #route: Route = { heard: null, movingTo: null, choice: "auto" };

  #audio: HTMLAudioElement | null = null;
  #addresses: Addresses = { hlsUrl: "", whepUrl: null };
  #choice: Choice = "auto";
  #volume = 1;
  #desk: Desk | null = null;
  #opened: AbortController | null = null;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;

  /** Null before the station has answered. */
  #heard: Transport | null = null;
  #move: Move | null = null;
  /** Since when (monotonic, ms) the one that is heard now is; the other is let go a moment later. */
  #crossedMs: number | null = null;
  /** HLS had nothing to play at first: when it has, WebRTC may have a place. */
  #waited = false;
  #latencyAtMs = 0;
  #latency: number | null = null;
  #ended = false;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
  }

  /** The same object until it changes. */
  readonly getState = (): PlayerState => this.#state;

  /** The same object until it changes. */
  readonly getRoute = (): Route => this.#route;

  /** Calls `listener` after every change of state or route; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Begins to listen, by `audio` where HLS is heard. To be called from a gesture; a second call begins anew. */
  attach(audio: HTMLAudioElement, addresses: Addresses): void {
    this.#release();
    const opened = new AbortController();
    this.#opened = opened;
    this.#audio = audio;
    this.#addresses = addresses;
    this.#attempt = 0;
    this.#waited = false;
    this.#openDesk(opened.signal);
    opened.signal.addEventListener("abort", this.#parts.hls.subscribe(this.#onHls));
    opened.signal.addEventListener("abort", this.#parts.whep.subscribe(this.#onWhep));
    this.#ticker = setInterval(this.#tick, TICK_MS);
    if (this.#desk === null || this.#choice === "hls") this.#beginHls();
    else void this.#begin(opened.signal);
    this.#tell();
  }

  /** Plays after `blocked`. To be called from a gesture. */
  unblock(): void {
    void this.#desk?.resume();
    this.#parts.hls.unblock();
  }

  /** Listens by this way from now on, as soon as that goes unheard. */
  choose(choice: Choice): void {
    if (this.#choice === choice) return;
    this.#choice = choice;
    this.#attempt = 0;
    clearTimeout(this.#again);
    if (this.#heard !== null) void this.#consider("unheard");
    this.#tell();
  }

  /** Goes to WebRTC in one leap, for somebody who is about to speak and must not hear themselves late. */
  leap(): void {
    this.#choice = "webrtc";
    clearTimeout(this.#again);
    if (this.#heard === "hls") void this.#consider("at once");
    else if (this.#move === null) this.#desk?.setDelay(0);
    else this.#dropMove("at once");
  }

  /** A WebRTC place is kept for this listener for a moment: moves there as soon as that goes unheard. */
  offered(): void {
    this.#attempt = 0;
    clearTimeout(this.#again);
    if (this.#heard !== null) void this.#consider("unheard");
  }

  /**
   * Which moment of the programme is heard now, in milliseconds since 1970 by the clock of PROGRAM-DATE-TIME; null
   * while that is not known.
   */
  programTime(): number | null {
    if (this.#state.phase !== "playing") return null;
    if (this.#heard === "hls") return this.#parts.hls.programTime();
    const at = this.#parts.whep.programTime(this.#parts.serverNow());
    return at === null ? null : at - (this.#desk?.delay ?? 0) * 1000;
  }

  /** How loud it is, 0 to 1. */
  get volume(): number {
    return this.#volume;
  }

  /** 0 to 1; where a page may not say how loud (iPhone) the system's keys do. */
  setVolume(volume: number): void {
    this.#volume = volume;
    this.#desk?.setVolume(volume);
    if (this.#audio !== null && !this.#takesHls) this.#audio.volume = volume;
  }

  /** Ends everything; the receiver may be attached again. */
  close(): void {
    this.#release();
    this.#tell();
  }

  /** Ends everything for good, and gives back what a browser has few of. */
  dispose(): void {
    this.close();
    void this.#desk?.close();
    this.#desk = null;
  }

  get #takesHls(): boolean {
    return this.#desk !== null && this.#parts.takesHls;
  }

  #openDesk(signal: AbortSignal): void {
    if (this.#addresses.whepUrl === null || this.#audio === null) return;
    this.#desk ??= this.#parts.openDesk();
    if (this.#desk === null) return;
    void this.#desk.resume();
    this.#desk.onRunning(() => this.#tell(), signal);
    if (this.#parts.takesHls) this.#desk.takeHls(this.#audio);
    this.setVolume(this.#volume);
  }

  /** The first way, before anything is heard. */
  async #begin(signal: AbortSignal): Promise<void> {
    const invitation = await this.#invitation(signal);
    if (signal.aborted) return;
    if (invitation === null || this.#choice === "hls") {
      this.#beginHls();
      return;
    }
    this.#desk?.setDelay(0);
    this.#hear("webrtc");
    this.#parts.whep.open(invitation);
  }

  #beginHls(): void {
    if (this.#audio === null) return;
    this.#hear("hls");
    this.#parts.hls.attach(this.#audio, this.#addresses.hlsUrl);
  }

  /** An invitation to WebRTC; null where HLS is the way, as it is whenever the station does not say. */
  async #invitation(signal: AbortSignal): Promise<Invitation | null> {
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
      const { transport, invitation } = await this.#parts.ask(within);
      const wanted = this.#choice === "auto" ? transport : this.#choice;
      return wanted === "webrtc" ? invitation : null;
    } catch {
      return null;
    }
  }

  /** Moves, or does not, to where the choice and the station say. */
  async #consider(how: Move["how"]): Promise<void> {
    const signal = this.#opened?.signal;
    if (signal === undefined || this.#desk === null || this.#audio === null) return;
    if (this.#heard === "webrtc" && this.#choice !== "hls") {
      // A place that one has is not asked for.
      this.#dropMove("unheard");
      return;
    }
    const invitation = this.#choice === "hls" ? null : await this.#invitation(signal);
    if (signal.aborted || this.#heard === null) return;
    const wanted: Transport = invitation === null ? "hls" : "webrtc";
    if (wanted === this.#heard) {
      this.#dropMove("unheard");
    } else if (this.#move?.crossing.to !== wanted) {
      this.#settleCrossing();
      this.#desk.hold();
      this.#move = { crossing: new Crossing(wanted), how };
      if (invitation !== null) this.#parts.whep.open(invitation);
      else this.#parts.hls.attach(this.#audio, this.#addresses.hlsUrl);
      this.#tell();
    }
  }

  /** Stays where it is after all. */
  #dropMove(how: Move["how"]): void {
    if (this.#move === null) return;
    const { to } = this.#move.crossing;
    this.#move = null;
    if (to === "hls") {
      this.#parts.hls.close();
      if (how === "at once") this.#desk?.setDelay(0);
      else this.#desk?.glideTo(0);
    } else {
      this.#parts.whep.close();
      this.#desk?.takeWebrtc(null);
    }
    this.#tell();
  }

  readonly #onHls = (): void => {
    const { phase } = this.#parts.hls.getState();
    const isNeeded = this.#heard === "hls" || this.#move?.crossing.to === "hls";
    if (phase === "idle" && isNeeded) {
      // Somebody paused the element: that is a wish to stop.
      this.close();
      return;
    }
    if (phase === "ended" && this.#heard === "hls") {
      this.#finish();
      return;
    }
    if (this.#heard === "hls") {
      if (phase === "waiting") this.#waited = true;
      if (phase === "playing" && this.#waited) {
        this.#waited = false;
        if (this.#choice !== "hls") void this.#consider("unheard");
      }
    }
    this.#tell();
  };

  readonly #onWhep = (): void => {
    const { phase } = this.#parts.whep.getState();
    if (phase === "failed") this.#fallBack();
    else if (this.#parts.whep.stream !== null && phase === "opening") {
      this.#desk?.takeWebrtc(this.#parts.whep.stream);
    }
    this.#tell();
  };

  /** WebRTC did not come about, or broke: HLS is heard at once, or stays. */
  #fallBack(): void {
    this.#desk?.takeWebrtc(null);
    const moving = this.#move?.crossing.to ?? null;
    this.#move = null;
    if (this.#heard === "webrtc") {
      if (moving === "hls") this.#hear("hls");
      else this.#beginHls();
    }
    if (this.#parts.hls.getState().phase === "ended") {
      this.#finish();
      return;
    }
    if (this.#attempt >= ATTEMPTS || this.#choice === "hls") return;
    this.#attempt += 1;
    clearTimeout(this.#again);
    const waitMs = backoffMs(this.#attempt, AGAIN, this.#parts.random());
    this.#again = setTimeout(() => void this.#consider("unheard"), waitMs);
  }

  readonly #tick = (): void => {
    const now = performance.now();
    if (this.#move !== null) this.#goOn(this.#move, now);
    this.#afterCrossing(now);
    if (this.#heard === "webrtc" && now - this.#latencyAtMs >= LATENCY_EVERY_MS) {
      this.#latencyAtMs = now;
      this.#latency = this.#webrtcLatency();
      this.#tell();
    }
  };

  #goOn({ crossing, how }: Move, now: number): void {
    const desk = this.#desk;
    const step = how === "unheard" || crossing.to === "hls" ? this.#stepOf(crossing, now) : this.#leapStep();
    if (desk === null || step.kind === "wait") return;
    if (step.kind === "delay") {
      if (crossing.to === "webrtc") desk.setDelay(step.seconds);
      else desk.glideTo(step.seconds);
      return;
    }
    this.#move = null;
    this.#hear(crossing.to);
    this.#crossedMs = now;
    this.#latencyAtMs = 0;
    this.#tell();
  }

  #stepOf(crossing: Crossing, now: number): Step {
    const { hls, whep } = this.#parts;
    const desk = this.#desk;
    const audio = this.#audio;
    if (desk === null || audio === null) return { kind: "wait" };
    const seen = {
      bothPlay: hls.getState().phase === "playing" && whep.getState().phase === "playing",
      hlsIsSteady: audio.playbackRate === 1 && !audio.seeking,
      isGliding: desk.isGliding,
      delay: desk.delay,
      webrtcMs: whep.programTime(this.#parts.serverNow()),
      hlsMs: hls.programTime(),
      lagByEar: () => desk.lag(),
    };
    return crossing.step(seen, now);
  }

  #leapStep(): Step {
    if (this.#parts.whep.getState().phase !== "playing") return { kind: "wait" };
    this.#desk?.setDelay(0);
    return { kind: "cross" };
  }

  /** Lets go of what is not heard any more, and brings WebRTC forward. */
  #afterCrossing(now: number): void {
    if (this.#crossedMs === null) return;
    const sinceMs = now - this.#crossedMs;
    if (sinceMs >= LEAVE_MS) this.#leaveOther();
    if (sinceMs < STAY_MS) return;
    this.#crossedMs = null;
    if (this.#heard === "webrtc") this.#desk?.glideTo(0);
  }

  /** A new move begins before the last is quite over. */
  #settleCrossing(): void {
    if (this.#crossedMs !== null) this.#leaveOther();
    this.#crossedMs = null;
  }

  #leaveOther(): void {
    if (this.#heard === "webrtc") this.#parts.hls.close();
    else {
      this.#parts.whep.close();
      this.#desk?.takeWebrtc(null);
    }
  }

  #hear(transport: Transport): void {
    this.#heard = transport;
    this.#desk?.crossTo(transport);
    if (this.#audio !== null && !this.#takesHls) this.#audio.muted = transport !== "hls";
  }

  /** Seconds from the programme's clock to the ear, in tenths. */
  #webrtcLatency(): number | null {
    const now = this.#parts.serverNow();
    const at = this.#parts.whep.programTime(now);
    if (now === null || at === null) return null;
    return Math.max(0, Math.round((now - at) / 100 + (this.#desk?.delay ?? 0) * 10) / 10);
  }

  #finish(): void {
    this.#release();
    this.#ended = true;
    this.#tell();
  }

  #release(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#again);
    this.#opened?.abort();
    this.#opened = null;
    this.#ended = false;
    this.#move = null;
    this.#crossedMs = null;
    this.#heard = null;
    this.#latency = null;
    this.#parts.hls.close();
    this.#parts.whep.close();
    this.#desk?.takeWebrtc(null);
    void this.#desk?.rest();
    this.#audio = null;
  }

  #stateNow(): PlayerState {
    if (this.#opened === null) return { phase: this.#ended ? "ended" : "idle" };
    if (this.#heard === "hls" && !this.#takesHls) return this.#parts.hls.getState();
    const state = this.#heard === "hls" ? this.#parts.hls.getState() : this.#stateOfWebrtc();
    return state.phase === "playing" && this.#desk?.isRunning === false ? { phase: "blocked" } : state;
  }

  #stateOfWebrtc(): PlayerState {
    const isPlaying = this.#heard !== null && this.#parts.whep.getState().phase === "playing";
    return isPlaying ? { phase: "playing", latencySeconds: this.#latency } : { phase: "opening" };
  }

  #tell(): void {
    const state = this.#stateNow();
    const route: Route = {
      heard: state.phase === "playing" ? this.#heard : null,
      movingTo: this.#move?.crossing.to ?? null,
      choice: this.#choice,
    };
    if (sameState(state, this.#state) && sameRoute(route, this.#route)) return;
    if (!sameState(state, this.#state)) this.#state = state;
    if (!sameRoute(route, this.#route)) this.#route = route;
    for (const listener of this.#listeners) listener();
  }
}

function sameRoute(one: Route, other: Route): boolean {
  return one.heard === other.heard && one.movingTo === other.movingTo && one.choice === other.choice;
}
