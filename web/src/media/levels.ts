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
    const wanted = ladder.placeOf(rungs) ?? -1;
    if (hls.loadLevel !== wanted || wanted === -1) hls.loadLevel = wanted;
  };
  apply();
  return ladder.subscribe(apply);
}

function rungOf({ averageBitrate, maxBitrate }: Level): Rung {
  return { bitsPerSecond: averageBitrate || maxBitrate };
}
