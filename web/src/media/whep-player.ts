import type { LossReason } from "./engine.ts";
import { ProgrammeClock } from "./programme-clock.ts";

/** How often the session is looked after, in milliseconds. */
const TICK_MS = 100;

/** Without sound for as long, from the beginning or later, WebRTC has failed, in milliseconds. */
const PATIENCE_MS = 3000;

/** Opus is mono to a browser unless it says otherwise (RFC 7587). */
const OPUS = /a=fmtp:(\d+) minptime=10/g;

/** How a broadcast is heard by WebRTC, as `GET /api/broadcasts/{id}/playback` tells. */
export interface Invitation {
  readonly whepUrl: string;
  /** Where the broadcast is not everybody's. */
  readonly token: string | null;
  readonly iceServers: readonly RTCIceServer[];
}

export type WhepState =
  | { readonly phase: "idle" }
  | { readonly phase: "opening" }
  /** There is a stream, and sound comes. */
  | { readonly phase: "playing" }
  /** It did not come about, or broke. Nothing more happens by itself. */
  | { readonly phase: "failed"; readonly reason: LossReason };

/** What a player is given from outside. */
export interface WhepParts {
  readonly connect: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/**
 * One WHEP session: the programme's track, and what moment of the programme it is at.
 *
 * It tries once. Whoever owns it decides what follows a failure; a session is never mended, a new one is as fast.
 */
export class WhepPlayer {
  readonly #parts: WhepParts;
  readonly #listeners = new Set<() => void>();
  #state: WhepState = { phase: "idle" };

  #opened: AbortController | null = null;
  #peer: RTCPeerConnection | null = null;
  #stream: MediaStream | null = null;
  #clock: ProgrammeClock | null = null;
  #session: string | null = null;
  #ticker: ReturnType<typeof setInterval> | undefined;
  /** The newest RTP time that was heard, and when (monotonic, ms) it was new. */
  #newest: { readonly rtp: number | null; readonly atMs: number } = { rtp: null, atMs: 0 };

  constructor(parts: WhepParts) {
    this.#parts = parts;
  }

  /** The same object until it changes. */
  readonly getState = (): WhepState => this.#state;

  /** Calls `listener` after every change; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** What comes; null before there is any. It has to be played for the session to be known to have sound. */
  get stream(): MediaStream | null {
    return this.#stream;
  }

  /** Opens a session; a second call ends the one before it. */
  open(invitation: Invitation): void {
    this.#release();
    const opened = new AbortController();
    this.#opened = opened;
    this.#newest = { rtp: null, atMs: performance.now() };
    this.#become({ phase: "opening" });
    this.#ticker = setInterval(this.#tick, TICK_MS);
    this.#negotiate(invitation, opened.signal).catch(() => {
      if (!opened.signal.aborted) this.#fail("network");
    });
  }

  /**
   * Which moment of the programme leaves the track now, in milliseconds since 1970 by the clock of
   * PROGRAM-DATE-TIME; null while unknown. `nowMs` is the server's clock, where it is known.
   */
  programTime(nowMs: number | null): number | null {
    const source = this.#source();
    if (source?.rtpTimestamp === undefined || this.#clock === null) return null;
    const sinceMs = performance.timeOrigin + performance.now() - source.timestamp;
    return this.#clock.at(source.rtpTimestamp, nowMs) + sinceMs;
  }

  /** Ends the session, here and there; the player may be opened again. */
  close(): void {
    this.#release();
    this.#become({ phase: "idle" });
  }

  async #negotiate({ whepUrl, token, iceServers }: Invitation, signal: AbortSignal): Promise<void> {
    const peer = this.#parts.connect({ iceServers: [...iceServers], bundlePolicy: "max-bundle" });
    this.#peer = peer;
    const { receiver } = peer.addTransceiver("audio", { direction: "recvonly" });
    peer.addEventListener("connectionstatechange", this.#onConnection, { signal });

    const { sdp = "" } = await peer.createOffer();
    const offer = sdp.replace(OPUS, "a=fmtp:$1 stereo=1;minptime=10");
    if (signal.aborted) return;
    await peer.setLocalDescription({ type: "offer", sdp: offer });
    const headers: Record<string, string> = { "Content-Type": "application/sdp" };
    if (token !== null) headers.Authorization = `Bearer ${token}`;
    // The server is ICE-lite and learns our addresses from our checks: nothing has to be gathered first. A session
    // that was made has to be ended, so its address is waited for also when nobody wants it any more.
    const answer = await this.#parts.fetch(whepUrl, { method: "POST", headers, body: offer });
    const location = answer.headers.get("Location");
    if (answer.status !== 201 || location === null) {
      if (!signal.aborted) this.#fail("server");
      return;
    }
    const session = new URL(location, new URL(whepUrl, globalThis.location?.href)).href;
    if (signal.aborted) return this.#delete(session);
    this.#session = session;
    this.#clock = ProgrammeClock.parse(answer.headers.get("OnAir-Programme-Clock"));
    const description = await answer.text();
    if (signal.aborted) return;
    await peer.setRemoteDescription({ type: "answer", sdp: description });
    if (signal.aborted) return;
    this.#stream = new MediaStream([receiver.track]);
    this.#tell();
  }

  readonly #onConnection = (): void => {
    const connection = this.#peer?.connectionState;
    if (connection === "failed" || connection === "closed") this.#fail("network");
  };

  readonly #tick = (): void => {
    const rtp = this.#source()?.rtpTimestamp ?? null;
    const now = performance.now();
    if (rtp !== this.#newest.rtp) {
      this.#newest = { rtp, atMs: now };
      this.#become({ phase: "playing" });
    } else if (now - this.#newest.atMs >= PATIENCE_MS) {
      this.#fail("network");
    }
  };

  #source(): RTCRtpSynchronizationSource | undefined {
    return this.#peer?.getReceivers()[0]?.getSynchronizationSources()[0];
  }

  #fail(reason: LossReason): void {
    this.#release();
    this.#become({ phase: "failed", reason });
  }

  #release(): void {
    clearInterval(this.#ticker);
    this.#opened?.abort();
    this.#opened = null;
    const peer = this.#peer;
    // The session is ended before its connection, or it would be gone when it is to be ended.
    if (this.#session === null) peer?.close();
    else void this.#delete(this.#session).then(() => peer?.close());
    this.#peer = null;
    this.#stream = null;
    this.#clock = null;
    this.#session = null;
  }

  /** Frees the place at once; what cannot be told the server finds out by itself. */
  async #delete(session: string): Promise<void> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await this.#parts.fetch(session, { method: "DELETE", keepalive: true, signal }).catch(() => {});
  }

  #become(state: WhepState): void {
    if (this.#state.phase === state.phase) return;
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
