/** The buffered ranges of a media element: `[start, end]` in seconds. */
export function ranges(...spans: [number, number][]): TimeRanges {
  const at = (index: number): [number, number] => {
    const span = spans[index];
    if (span === undefined) throw new RangeError(`no range ${index}`);
    return span;
  };
  return { length: spans.length, start: (index) => at(index)[0], end: (index) => at(index)[1] };
}

/** An audio element that plays when a test says so. */
export class FakeAudio extends EventTarget {
  currentTime = 0;
  playbackRate = 1;
  preservesPitch = false;
  seeking = false;
  ended = false;
  paused = true;
  buffered: TimeRanges = ranges();
  /** Whether the browser lets a page play without a gesture. */
  allowed = true;
  plays = 0;

  play(): Promise<void> {
    this.plays += 1;
    if (!this.allowed) return Promise.reject(new DOMException("no gesture", "NotAllowedError"));
    this.paused = false;
    return Promise.resolve();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.say("pause");
  }

  /** Fires an event of the element. */
  say(event: "playing" | "waiting" | "pause" | "ended"): void {
    this.dispatchEvent(new Event(event));
  }

  /** As the code under test knows it. */
  get element(): HTMLAudioElement {
    return this as unknown as HTMLAudioElement;
  }
}
