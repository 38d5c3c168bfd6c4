/** Something with a state that others follow: the same object until it changes. */
export abstract class Observable<State> {
  readonly #listeners = new Set<() => void>();
  #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** The same object until it changes. */
  readonly getState = (): State => this.#state;

  /** Calls `listener` after every change; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Whether two states look the same; one that does not change is told to nobody. */
  protected abstract isSame(one: State, other: State): boolean;

  protected become(state: State): void {
    if (this.isSame(this.#state, state)) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
