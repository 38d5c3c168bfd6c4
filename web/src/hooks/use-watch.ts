import { useState } from "react";

import { Watch, type Watched } from "../api/watch.ts";
import { useStateOf } from "./use-state-of.ts";

/**
 * What `load` answers, asked anew every `everyMs` while the page is looked at; `again` asks at once. `load` is the
 * one that the first call had: a page about something else is another page.
 */
export function useWatch<T>(
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
): { readonly watched: Watched<T>; readonly again: () => void } {
  const [watch] = useState(() => new Watch(load, everyMs));
  return { watched: useStateOf(watch), again: watch.again };
}
