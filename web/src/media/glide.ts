/**
 * The widest change of speed. The pitch changes with it, by two thirds of a semitone, which in speech nobody notices
 * who does not wait for it; two seconds are made up in less than a minute.
 */
export const SPEED_MAX = 0.04;

/** Full speed is reached, and left, over this time, in seconds: a step would be heard. */
const EASE = 1;

/** How finely a glide is drawn, in seconds; between two points the line is straight. */
const GRAIN = 0.02;

/**
 * A delay on its way from one length to another: how a sound is brought forward or held back without a gap.
 *
 * While the delay grows by d seconds a second the sound is slower by that share, and faster while it shrinks. The
 * speed rises and falls evenly and is never beyond `SPEED_MAX`. All times are in seconds.
 */
export class Glide {
  readonly #from: number;
  readonly #change: number;
  readonly #top: number;
  readonly #ease: number;
  /** How long it takes. */
  readonly length: number;

  constructor(from: number, to: number) {
    this.#from = from;
    this.#change = to - from;
    const way = Math.abs(this.#change);
    // A short way is over before full speed is reached.
    this.#ease = Math.min(EASE, Math.sqrt((way * EASE) / SPEED_MAX));
    this.#top = (SPEED_MAX * this.#ease) / EASE;
    this.length = way === 0 ? 0 : way / this.#top + this.#ease;
  }

  /** The delay `elapsed` after the beginning. */
  at(elapsed: number): number {
    const time = Math.min(Math.max(elapsed, 0), this.length);
    if (this.length === 0) return this.#from + this.#change;
    return this.#from + Math.sign(this.#change) * this.#gone(time);
  }

  /** The whole of it in equal steps, as an `AudioParam` takes it: two points at least. */
  curve(): Float32Array {
    const steps = Math.max(1, Math.ceil(this.length / GRAIN));
    return Float32Array.from({ length: steps + 1 }, (_, step) => this.at((step / steps) * this.length));
  }

  #gone(time: number): number {
    const rising = (until: number) => (this.#top * until ** 2) / (2 * this.#ease);
    if (time <= this.#ease) return rising(time);
    const left = this.length - time;
    if (left <= this.#ease) return Math.abs(this.#change) - rising(left);
    return rising(this.#ease) + this.#top * (time - this.#ease);
  }
}
