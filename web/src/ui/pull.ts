/** How far a finger goes before letting go refreshes, in pixels. */
export const PULL_PX = 80;

/** A pull goes down: a finger that goes as far to the side does something else. */
const STEEP = 1.5;

/** A finger, where it is in the window. */
export interface Finger {
  readonly clientX: number;
  readonly clientY: number;
}

/** A finger that pulls a page down from its very top. */
export class Pull {
  #from: Finger | null = null;
  #distance = 0;

  /** How far it is pulled of what is needed, 0 to 1. */
  get share(): number {
    return Math.min(1, this.#distance / PULL_PX);
  }

  /** A finger touches a page that is scrolled down by `scrolledPx`; with a second finger it is no pull. */
  touch(fingers: readonly Finger[], scrolledPx: number): void {
    const [finger] = fingers;
    this.#from = fingers.length === 1 && finger !== undefined && scrolledPx <= 0 ? finger : null;
    this.#distance = 0;
  }

  /** It moves. */
  move(fingers: readonly Finger[]): void {
    const [finger] = fingers;
    if (this.#from === null || finger === undefined) return;
    const down = finger.clientY - this.#from.clientY;
    const aside = Math.abs(finger.clientX - this.#from.clientX);
    if (fingers.length > 1 || down < 0 || aside * STEEP > Math.max(down, PULL_PX / 4)) this.cancel();
    else this.#distance = down;
  }

  /** It lets go; whether that was far enough. */
  release(): boolean {
    const isFar = this.share === 1;
    this.cancel();
    return isFar;
  }

  /** It was no pull after all. */
  cancel(): void {
    this.#from = null;
    this.#distance = 0;
  }
}
