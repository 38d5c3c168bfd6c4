import { Observable } from "./observable.ts";

/** After how many minutes the sound stops by itself, or with the broadcast. */
export type SleepChoice = 15 | 30 | 60 | "end";

export const SLEEP_CHOICES: readonly SleepChoice[] = [15, 30, 60, "end"];

export interface SleepState {
  /** Null where it plays on. */
  readonly choice: SleepChoice | null;
  /** Whole minutes that are left, the one that has begun among them; null without a time. */
  readonly minutesLeft: number | null;
  readonly isFading: boolean;
}

/** What a sleep timer is given from outside. */
export interface SleepParts {
  /** A clock that goes on while the device sleeps, in milliseconds. */
  readonly now: () => number;
  /** How loud it is of what was chosen, 0 to 1. */
  readonly fade: (level: number) => void;
  readonly stop: () => void;
}

/** How long the sound takes to go, in milliseconds: nobody who is nearly asleep is startled by it. */
export const FADE_MS = 12_000;

/** How often the fade goes on, in milliseconds: in steps too small to be heard. */
const STEP_MS = 100;

/** How often the time that is left is looked at before that, in milliseconds. */
const LOOK_MS = 1000;

const AWAKE: SleepState = { choice: null, minutesLeft: null, isFading: false };

/** Stops the sound after a while, so softly that it wakes nobody. */
export class Sleep extends Observable<SleepState> {
  readonly #parts: SleepParts;
  #endsAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: SleepParts) {
    super(AWAKE);
    this.#parts = parts;
  }

  /** Begins to count anew, or plays on where it is null. */
  choose(choice: SleepChoice | null): void {
    this.#rest();
    if (choice === null) return;
    this.become({ ...AWAKE, choice });
    if (choice === "end") return;
    this.#endsAt = this.#parts.now() + choice * 60_000;
    this.#look();
  }

  /** The broadcast is over. */
  ended(): void {
    if (this.getState().choice === null) return;
    this.#rest();
    this.#parts.stop();
  }

  /** Whoever listens has stopped by themselves: there is nothing to wait for. */
  readonly close = (): void => this.#rest();

  readonly #look = (): void => {
    const leftMs = this.#endsAt - this.#parts.now();
    if (leftMs <= 0) {
      // Stopped before it is as loud as before: nothing is heard of that.
      this.#parts.stop();
      this.#rest();
      return;
    }
    const isFading = leftMs <= FADE_MS;
    if (isFading) this.#parts.fade(leftMs / FADE_MS);
    this.become({ ...this.getState(), minutesLeft: Math.ceil(leftMs / 60_000), isFading });
    this.#timer = setTimeout(this.#look, isFading ? STEP_MS : Math.min(LOOK_MS, leftMs - FADE_MS));
  };

  #rest(): void {
    clearTimeout(this.#timer);
    if (this.getState().isFading) this.#parts.fade(1);
    this.become(AWAKE);
  }

  protected isSame(one: SleepState, other: SleepState): boolean {
    return (
      one.choice === other.choice && one.minutesLeft === other.minutesLeft && one.isFading === other.isFading
    );
  }
}
