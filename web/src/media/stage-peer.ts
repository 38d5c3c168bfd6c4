import { Upstream, type UpstreamParts, type UpstreamState } from "./upstream.ts";

/** Voices that are heard at once; the station sends no more. */
const SLOTS = 8;

/** Louder than this is speaking: 0 is silence, 1 full scale (RFC 6464's levels, as browsers tell them). */
const SPEAKING = 0.02;

/** How often it is looked who speaks, in milliseconds. */
const EVERY_MS = 200;

/** What a stage peer is given from outside. */
export interface StageParts extends UpstreamParts {
  /** Plays a voice of somebody else; the answer ends it. */
  readonly play: (track: MediaStreamTrack) => () => void;
  /** Hears the events of a session; the answer ends it. */
  readonly follow: (session: string, onSlots: (json: string) => void) => () => void;
}

/** Somebody on a stage: their microphone goes there, and they hear the others as they are. */
export class StagePeer {
  readonly #parts: StageParts;
  readonly #upstream: Upstream;
  readonly #listeners = new Set<() => void>();
  #track: MediaStreamTrack | null = null;
  #slots: readonly (string | null)[] = [];
  #speaking: ReadonlySet<string> = new Set();
  #leave: (() => void)[] = [];

  constructor(parts: StageParts) {
    this.#parts = parts;
    this.#upstream = new Upstream(parts);
    this.#upstream.subscribe(this.#onUpstream);
  }

  /** The same object until it changes. */
  readonly getState = (): UpstreamState => this.#upstream.getState();

  /** The accounts of those who are heard to speak now; the same set until it changes. */
  readonly getSpeaking = (): ReadonlySet<string> => this.#speaking;

  /** Calls `listener` after every change; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Comes onto the stage with a microphone; a second call begins anew. */
  open(url: string, track: MediaStreamTrack): void {
    this.#track = track;
    this.#upstream.open({
      url,
      prepare: (peer) => {
        this.#end();
        if (this.#track !== null) peer.addTransceiver(this.#track, { direction: "sendonly" });
        for (let slot = 0; slot < SLOTS; slot += 1) {
          const { receiver } = peer.addTransceiver("audio", { direction: "recvonly" });
          this.#leave.push(this.#parts.play(receiver.track));
        }
      },
      mend: (sdp) => sdp,
    });
  }

  /** Tries at once where it waits to. */
  readonly hurry = (): void => this.#upstream.hurry();

  /** Goes off the stage. */
  close(): void {
    this.#track = null;
    this.#upstream.close();
  }

  readonly #onUpstream = (): void => {
    const { session } = this.#upstream;
    if (this.getState().phase === "live" && session !== null) {
      this.#leave.push(this.#parts.follow(session, this.#onSlots));
      const ticker = setInterval(this.#listen, EVERY_MS);
      this.#leave.push(() => clearInterval(ticker));
    } else if (this.getState().phase !== "opening") {
      this.#end();
    }
    this.#tell();
  };

  /** `slots` of docs/MEDIA.md: whose voice is in which section that receives. */
  readonly #onSlots = (json: string): void => {
    try {
      const { slots } = JSON.parse(json) as { slots?: unknown };
      if (!Array.isArray(slots)) return;
      this.#slots = slots
        .slice(0, SLOTS)
        .map((slot) => (typeof slot?.userId === "string" ? slot.userId : null));
    } catch {
      // What cannot be read says nothing about who speaks.
    }
  };

  readonly #listen = (): void => {
    const receivers = this.#upstream.peer?.getReceivers() ?? [];
    // The first section sends; those that receive follow in the order of the slots.
    const heard = receivers.slice(-SLOTS).flatMap((receiver, slot) => {
      const level = receiver.getSynchronizationSources()[0]?.audioLevel ?? 0;
      const userId = this.#slots[slot] ?? null;
      return userId !== null && level > SPEAKING ? [userId] : [];
    });
    if (heard.length === this.#speaking.size && heard.every((userId) => this.#speaking.has(userId))) return;
    this.#speaking = new Set(heard);
    this.#tell();
  };

  #end(): void {
    for (const leave of this.#leave.splice(0)) leave();
    this.#slots = [];
    this.#speaking = new Set();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
