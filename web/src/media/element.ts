/** What a player hears of its element. */
export interface ElementEars {
  readonly onPlaying: () => void;
  readonly onWaiting: () => void;
  readonly onPause: () => void;
  readonly onEnded: () => void;
  /** The network came back. */
  readonly onOnline: () => void;
}

/** Takes an element over for a voice, whose pitch stays at any speed, and listens to it until `signal` is aborted. */
export function take(audio: HTMLAudioElement, ears: ElementEars, signal: AbortSignal): void {
  audio.preservesPitch = true;
  audio.addEventListener("playing", ears.onPlaying, { signal });
  audio.addEventListener("waiting", ears.onWaiting, { signal });
  audio.addEventListener("pause", ears.onPause, { signal });
  audio.addEventListener("ended", ears.onEnded, { signal });
  globalThis.addEventListener?.("online", ears.onOnline, { signal });
}

/** Plays; `onBlocked` where the browser wants a gesture first. */
export function play(audio: HTMLAudioElement, onBlocked: () => void): void {
  audio.play().catch((error: unknown) => {
    // Every other refusal belongs to a source that was replaced while its element waited.
    if (error instanceof DOMException && error.name === "NotAllowedError") onBlocked();
  });
}
