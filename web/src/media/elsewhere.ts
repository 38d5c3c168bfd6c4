import { Observable } from "./observable.ts";

/** Whether the sound can play on another device, or does. */
export type ElsewhereState = "none" | "there" | "playing";

/** How WebKit says it, before and beside the Remote Playback API. */
interface WithTarget {
  webkitShowPlaybackTargetPicker?(): void;
  readonly webkitCurrentPlaybackTargetIsWireless?: boolean;
}

/** What a device of others plays by itself. */
const HLS = "application/vnd.apple.mpegurl";

/**
 * The sound on another device (AirPlay, Cast), which fetches it by itself: by an element of its own, since what a page
 * feeds piece by piece can go nowhere else. Only where this browser plays HLS natively and knows of a device.
 */
export class Elsewhere extends Observable<ElsewhereState> {
  #audio: (HTMLAudioElement & WithTarget) | null = null;
  #watched: AbortController | null = null;

  constructor() {
    super("none");
  }

  /** Looks for devices that could play `url`, with an element that nothing else uses. */
  watch(audio: HTMLAudioElement & WithTarget, url: string): void {
    this.close();
    if (audio.canPlayType(HLS) === "") return;
    this.#audio = audio;
    this.#watched = new AbortController();
    const { signal } = this.#watched;
    audio.preload = "none";
    audio.src = url;
    if (audio.webkitShowPlaybackTargetPicker !== undefined) {
      const onDevices = (event: Event) =>
        this.#found("availability" in event && event.availability === "available");
      const onTarget = () => this.#playing(audio.webkitCurrentPlaybackTargetIsWireless === true);
      audio.addEventListener("webkitplaybacktargetavailabilitychanged", onDevices, { signal });
      audio.addEventListener("webkitcurrentplaybacktargetiswirelesschanged", onTarget, { signal });
      return;
    }
    const { remote } = audio;
    if (remote === undefined) return;
    remote.addEventListener("connect", () => this.#playing(true), { signal });
    remote.addEventListener("disconnect", () => this.#playing(false), { signal });
    // A browser that cannot look for devices has none to offer.
    remote
      .watchAvailability((isThere) => this.#found(isThere))
      .then(
        (id) =>
          signal.addEventListener("abort", () => void remote.cancelWatchAvailability(id).catch(() => {})),
        () => {},
      );
  }

  /** Lets the person choose a device, or take the sound back. To be called from a gesture. */
  choose(): void {
    const audio = this.#audio;
    if (audio === null) return;
    if (audio.webkitShowPlaybackTargetPicker !== undefined) audio.webkitShowPlaybackTargetPicker();
    // Who closes the list has changed their mind.
    else audio.remote.prompt().catch(() => {});
  }

  /** Ends everything. */
  close(): void {
    this.#watched?.abort();
    this.#watched = null;
    this.#audio?.pause();
    this.#audio?.removeAttribute("src");
    this.#audio = null;
    this.become("none");
  }

  #found(isThere: boolean): void {
    if (this.getState() !== "playing") this.become(isThere ? "there" : "none");
  }

  #playing(isElsewhere: boolean): void {
    const audio = this.#audio;
    if (audio === null) return;
    if (isElsewhere) {
      // A device that refuses it says so by leaving.
      audio.play().catch(() => {});
      this.become("playing");
    } else {
      audio.pause();
      this.become("there");
    }
  }

  protected isSame(one: ElsewhereState, other: ElsewhereState): boolean {
    return one === other;
  }
}
