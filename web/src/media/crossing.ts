import { HEARING, type Transport } from "./desk.ts";

/** As near as this both are one sound: a person hears no echo and no gap, in seconds. */
const ALIGNED = 0.005;

/** The dates of both say no more than that, in seconds. */
const NEARLY_ALIGNED = 0.02;

/** Nothing may change for as long before the two are compared: what is compared must all be of now, in milliseconds. */
const STILL_MS = 800;

/**
 * A jitter buffer that finds its size leaps further than this, or hurries. The dates of one that has found it say the
 * same to half of this, in milliseconds.
 */
const STEADY_MS = 16;

/** How often quiet sound is listened to before the dates alone decide: 100 ms each. */
const QUIET_TRIES = 20;

/** Corrections that are made before the best that there is has to do. */
const CORRECTIONS = 8;

/** As long as both may play and HLS be unsteady before the move is made all the same, in milliseconds. */
const PATIENCE_MS = 30_000;

/** What is seen of both ways at one moment. */
export interface Both {
  /** Sound comes by both. */
  readonly bothPlay: boolean;
  /** HLS plays at its own speed, and does not leap. */
  readonly hlsIsSteady: boolean;
  /** The delay of WebRTC is on its way. */
  readonly isGliding: boolean;
  /** By how much WebRTC is held back, in seconds. */
  readonly delay: number;
  /** What WebRTC brings now, before it is held back: the programme's clock, in ms since 1970; null while unknown. */
  readonly webrtcMs: number | null;
  /** What HLS plays now, by the same clock. */
  readonly hlsMs: number | null;
  /**
   * By how much WebRTC, held back as it is, is behind HLS by ear, in seconds; null where there is nothing to be heard.
   * Costs some milliseconds.
   */
  lagByEar(): number | null;
}

/** What to do next. */
export type Step =
  | { readonly kind: "wait" }
  /** Hold WebRTC back by as much. */
  | { readonly kind: "delay"; readonly seconds: number }
  /** Both are at one moment of the programme: let the other be heard. */
  | { readonly kind: "cross" };

const WAIT: Step = { kind: "wait" };
const CROSS: Step = { kind: "cross" };

/**
 * From one way of hearing a programme to the other: WebRTC is held back until both are at the same moment, and then
 * they change places.
 *
 * The dates bring them near; what is heard of both brings them together. In silence the dates are enough.
 */
export class Crossing {
  readonly to: Transport;
  #beganMs: number | null = null;
  #isLate = false;
  #stillSinceMs: number | null = null;
  /** Programme time minus ours of what WebRTC brings, and since when (monotonic, ms) it is that. */
  #webrtc = { ahead: Number.NaN, sinceMs: 0 };
  #quiet = 0;
  #corrections = 0;

  constructor(to: Transport) {
    this.to = to;
  }

  /** To be told every 100 ms or so; `nowMs` is monotonic. */
  step(both: Both, nowMs: number): Step {
    this.#watch(both, nowMs);
    if (!both.bothPlay || both.isGliding) return WAIT;
    const lagByDates = datedLag(both);
    if (this.#isLate) return this.#mend(both, lagByDates ?? 0, NEARLY_ALIGNED);
    if (this.#stillSinceMs === null || nowMs - this.#stillSinceMs < STILL_MS) return WAIT;
    // The ear finds nothing that far away.
    if (lagByDates !== null && Math.abs(lagByDates) > HEARING && this.#corrections < 2) {
      return this.#mend(both, lagByDates, ALIGNED);
    }
    // What will be heard after a crossing is on its way already, as far back as the delay is long.
    if (nowMs - this.#webrtc.sinceMs < STILL_MS + both.delay * 1000) return WAIT;
    const lagByEar = both.lagByEar();
    if (lagByEar !== null) return this.#mend(both, lagByEar, ALIGNED);
    this.#quiet += 1;
    return this.#quiet < QUIET_TRIES ? WAIT : this.#mend(both, lagByDates ?? 0, NEARLY_ALIGNED);
  }

  /** Crosses when both are near enough, or can come no nearer. */
  #mend(both: Both, lag: number, enough: number): Step {
    const seconds = Math.max(0, both.delay - lag);
    const isOver = Math.abs(lag) <= enough || seconds === both.delay || this.#corrections >= CORRECTIONS;
    if (isOver) return CROSS;
    this.#corrections += 1;
    this.#quiet = 0;
    this.#stillSinceMs = null;
    return { kind: "delay", seconds };
  }

  #watch(both: Both, nowMs: number): void {
    const isStill = both.bothPlay && both.hlsIsSteady && !both.isGliding;
    if (!isStill) this.#stillSinceMs = null;
    else this.#stillSinceMs ??= nowMs;
    // Nobody is moved to where nothing plays; and a glide takes its time.
    if (this.#beganMs === null || !both.bothPlay || both.isGliding) this.#beganMs = nowMs;
    if (nowMs - this.#beganMs > PATIENCE_MS) this.#isLate = true;
    if (both.webrtcMs === null) return;
    const ahead = both.webrtcMs - nowMs;
    if (!(Math.abs(ahead - this.#webrtc.ahead) <= STEADY_MS)) this.#webrtc = { ahead, sinceMs: nowMs };
  }
}

/** By how much WebRTC, held back as it is, is behind HLS by the dates of both, in seconds; null while unknown. */
function datedLag({ webrtcMs, hlsMs, delay }: Both): number | null {
  return webrtcMs === null || hlsMs === null ? null : (hlsMs - webrtcMs) / 1000 + delay;
}
