/** Something that was done, said in passing. */
export interface Toast {
  readonly id: number;
  readonly text: string;
}

/** How long it stands there, in milliseconds: a short sentence is read twice in this time. */
const STAYS_MS = 5000;

/** As many as are read at once; the oldest goes first. */
const MOST = 3;

class Toasts {
  readonly #listeners = new Set<() => void>();
  #toasts: readonly Toast[] = [];
  #next = 1;

  /** The same list until it changes. */
  readonly getState = (): readonly Toast[] => this.#toasts;

  /** Calls `listener` after every change; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Says something for a few seconds. */
  say(text: string): void {
    const toast = { id: this.#next, text };
    this.#next += 1;
    this.#become([...this.#toasts, toast].slice(-MOST));
    setTimeout(() => this.#become(this.#toasts.filter(({ id }) => id !== toast.id)), STAYS_MS);
  }

  #become(toasts: readonly Toast[]): void {
    this.#toasts = toasts;
    for (const listener of this.#listeners) listener();
  }
}

/** What is said in passing on this page. */
export const toasts = new Toasts();
