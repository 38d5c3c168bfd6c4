import type Hls from "hls.js";
import type { Level } from "hls.js";

import { keepOneCodec } from "./codec.ts";
import type { Ladder, Rung } from "./ladder.ts";

/**
 * Has hls.js load what the ladder says, from the first byte and whenever that changes; what is at hand is played first.
 * To be called when the manifest is parsed; the answer ends it.
 */
export function obey(hls: Hls, ladder: Ladder): () => void {
  keepOneCodec(hls);
  const rungs = hls.levels.map(rungOf);
  ladder.found(rungs);
  const apply = () => {
    const wanted = ladder.placeOf(rungs);
    if (wanted !== null) hls.loadLevel = wanted;
    // Where nobody chose, nothing is said: hls.js would take it for a choice of where to begin.
    else if (!hls.autoLevelEnabled) hls.loadLevel = -1;
  };
  apply();
  return ladder.subscribe(apply);
}

function rungOf({ averageBitrate, maxBitrate }: Level): Rung {
  return { bitsPerSecond: averageBitrate || maxBitrate };
}
