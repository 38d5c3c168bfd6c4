import { Observable } from "./observable.ts";

/** How much of a line the sound may take: what the line carries, or always the best or the leanest rung. */
export type Quality = "auto" | "best" | "least";

export const QUALITIES: readonly Quality[] = ["auto", "best", "least"];

/** One quality that is offered. */
export interface Rung {
  /** What its sound takes on average, in bits a second (`AVERAGE-BANDWIDTH`, else `BANDWIDTH`). */
  readonly bitsPerSecond: number;
}

/** What is wanted, and what there is. */
export interface LadderState {
  readonly quality: Quality;
  /** The leanest first; empty while no playlist has told. */
  readonly rungs: readonly Rung[];
}

/** Where a choice is kept. */
export interface Kept {
  read(): string | null;
  write(quality: Quality): void;
}

/** The rungs of a programme and the one that is wanted of them: chosen on the page, obeyed by what loads. */
export class Ladder extends Observable<LadderState> {
  readonly #kept: Kept;

  /** Where nothing was chosen before, `savesData` says that whoever listens wants their devices to be sparing. */
  constructor(kept: Kept, savesData: boolean) {
    const known = kept.read();
    const quality = QUALITIES.find((quality) => quality === known) ?? (savesData ? "least" : "auto");
    super({ quality, rungs: [] });
    this.#kept = kept;
  }

  /** Chooses, for now and for next time. */
  choose(quality: Quality): void {
    this.#kept.write(quality);
    this.become({ ...this.getState(), quality });
  }

  /** There are these rungs. */
  found(rungs: readonly Rung[]): void {
    this.become({
      ...this.getState(),
      rungs: rungs.toSorted((one, other) => one.bitsPerSecond - other.bitsPerSecond),
    });
  }

  /** Which of `rungs` is wanted, by its place; null where whoever loads chooses. */
  placeOf(rungs: readonly Rung[]): number | null {
    if (this.getState().quality === "auto" || rungs.length === 0) return null;
    const better = this.getState().quality === "best" ? 1 : -1;
    return rungs.reduce(
      (chosen, { bitsPerSecond }, place) =>
        (bitsPerSecond - (rungs[chosen]?.bitsPerSecond ?? 0)) * better > 0 ? place : chosen,
      0,
    );
  }

  protected isSame(one: LadderState, other: LadderState): boolean {
    return JSON.stringify(one) === JSON.stringify(other);
  }
}

/** What a rate takes in a minute, in thousands of bytes. */
export function kilobytesPerMinute(bitsPerSecond: number): number {
  return Math.round((bitsPerSecond * 60) / 8 / 1000);
}
