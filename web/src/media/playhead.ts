/** Sound that has to lie behind a position for a seek to it to be worth making, in seconds. */
const FOOTHOLD = 0.1;

/** Beyond this distance from the target a jump is kinder than a minute of hurrying, in seconds. */
const JUMP = 2.5;

/** At the start, and just after a silence, a jump is unheard: the least excess that is worth one. */
const SETTLE = 0.1;

/** Closer to the edge than this share of the hold-back the sound would soon run dry again. */
const CLOSE = 0.5;

/** Whether the sound has just begun or come back, or has been there for a while. */
export type Ear = "fresh" | "settled";

/** Where to seek so as to be `target` seconds behind `edge`, or null when the tempo can mend it. */
export function jumpTo(
  audio: Pick<HTMLMediaElement, "buffered" | "currentTime">,
  edge: number,
  target: number,
  ear: Ear,
): number | null {
  const position = edge - target;
  if (position - audio.currentTime < (ear === "fresh" ? SETTLE : JUMP)) return null;
  return isBuffered(audio.buffered, position) ? position : null;
}

/** Whether a playhead `distance` seconds behind the edge is too close to play on and has to let the edge go ahead. */
export function mustHold(distance: number, holdBack: number, isHeld: boolean): boolean {
  return distance < (isHeld ? holdBack : holdBack * CLOSE);
}

/** Where a playhead that repeats its last `repeated` seconds finds something new, or null while that is not buffered. */
export function pastRepetition(
  audio: Pick<HTMLMediaElement, "buffered" | "currentTime">,
  repeated: number,
): number | null {
  const position = audio.currentTime + repeated;
  return isBuffered(audio.buffered, position) ? position : null;
}

/** Where a playhead that has run dry finds sound again: the next that is buffered, no closer than `target`. */
export function nextSound(
  audio: Pick<HTMLMediaElement, "buffered" | "currentTime">,
  edge: number,
  target: number,
): number | null {
  const { buffered, currentTime } = audio;
  for (let range = 0; range < buffered.length; range++) {
    const start = buffered.start(range);
    const end = buffered.end(range);
    if (start <= currentTime || end - start < FOOTHOLD) continue;
    return Math.min(Math.max(start, edge - target), end - FOOTHOLD);
  }
  return null;
}

function isBuffered(buffered: TimeRanges, position: number): boolean {
  for (let range = 0; range < buffered.length; range++) {
    if (buffered.start(range) <= position && position + FOOTHOLD <= buffered.end(range)) return true;
  }
  return false;
}
