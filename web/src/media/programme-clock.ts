/** RTP times have 32 bits. */
const TURN = 2 ** 32;

/** `anchor="2027-01-15T08:00:00.000042Z", rate=48000`: docs/MEDIA.md. */
const FORM = /^anchor="([^"]+?)(?:\.(\d{1,6})\d*)?Z", *rate=([1-9]\d{0,5})$/;

/**
 * Which moment of the programme an RTP time of the track stands for: the clock of PROGRAM-DATE-TIME, in
 * milliseconds since 1970, with their fractions.
 */
export class ProgrammeClock {
  readonly #anchorMs: number;
  readonly #rate: number;
  #lastMs: number | null = null;

  private constructor(anchorMs: number, rate: number) {
    this.#anchorMs = anchorMs;
    this.#rate = rate;
  }

  /** Reads the header `OnAir-Programme-Clock`; null where it is missing or cannot be read. */
  static parse(header: string | null): ProgrammeClock | null {
    const [, seconds, fraction = "", rate] = header?.match(FORM) ?? [];
    const wholeMs = Date.parse(`${seconds}Z`);
    if (Number.isNaN(wholeMs)) return null;
    return new ProgrammeClock(wholeMs + Number(fraction.padEnd(6, "0")) / 1000, Number(rate));
  }

  /**
   * The moment of RTP time `rtp`. RTP times begin anew after a day and an hour: of all the moments that `rtp` may
   * stand for it is the one nearest to the last, and at first to `nowMs`, where that is known.
   */
  at(rtp: number, nowMs: number | null = null): number {
    const turnMs = (TURN / this.#rate) * 1000;
    const first = this.#anchorMs + (rtp / this.#rate) * 1000;
    const near = this.#lastMs ?? nowMs ?? first;
    // Never before the anchor: the station says the one of the turn that is running.
    const turns = Math.max(0, Math.round((near - first) / turnMs));
    this.#lastMs = first + turns * turnMs;
    return this.#lastMs;
  }
}
