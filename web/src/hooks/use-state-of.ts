import { useSyncExternalStore } from "react";

/** Something outside React that has a state: the same object until it changes. */
export interface Source<T> {
  readonly getState: () => T;
  readonly subscribe: (listener: () => void) => () => void;
}

/** The state of something outside React, as it is now. */
export function useStateOf<T>(source: Source<T>): T {
  return useSyncExternalStore(source.subscribe, source.getState);
}
