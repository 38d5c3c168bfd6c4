import { type BackoffLimits, backoffMs } from "../backoff.ts";

/** A voice that was cut off: soon at first, for somebody speaks into nothing meanwhile. */
const AGAIN: BackoffLimits = { firstMs: 500, capMs: 10_000 };

/** A session that is not connected by then has failed, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Packets that stop may come again by themselves; after as long they are not waited for, in milliseconds. */
const PAUSE_MS = 4000;

/** Longest a DELETE is waited for, in milliseconds; the station notices by itself. */
const GOODBYE_MS = 3000;

/** A place that is taken may be one's own from a moment ago: the station gives it back after two seconds. */
const TAKEN_TRIES = 4;

/** Answers that another try does not change. */
const FINAL: readonly number[] = [400, 401, 403, 404, 406, 413, 415, 422];

export type UpstreamState =
  | { readonly phase: "idle" }
  | { readonly phase: "opening" }
  | { readonly phase: "live" }
  /** It was cut off and comes again by itself; `attempt` counts from 1. */
  | { readonly phase: "recovering"; readonly attempt: number }
  /** The station does not take it, and says why. */
  | { readonly phase: "refused"; readonly status: number; readonly detail: string };

/** What is sent where. */
export interface Plan {
  readonly url: string;
  /** Puts the tracks on a connection that is to be offered. */
  readonly prepare: (peer: RTCPeerConnection) => void;
  /** What browsers leave out of an offer. */
  readonly mend: (sdp: string) => string;
}

/** What an upstream is given from outside. */
export interface UpstreamParts {
  readonly connect: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** The access token of whoever speaks. */
  readonly token: () => Promise<string | null>;
  /** Relays, where the network needs them. */
  readonly iceServers: (signal: AbortSignal) => Promise<readonly RTCIceServer[]>;
  /** In [0, 1), for the jitter of the retries. */
  readonly random: () => number;
}

/**
 * A connection by which this browser's sound goes to the station (WHIP, RFC 9725, and the stage, which has the same
 * shape). It is made anew whenever it breaks, until it is closed or refused.
 */
export class Upstream {
  readonly #parts: UpstreamParts;
  readonly #listeners = new Set<() => void>();
  #state: UpstreamState = { phase: "idle" };
  #plan: Plan | null = null;
  #opened: AbortController | null = null;
  #peer: RTCPeerConnection | null = null;
  #session: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;

  constructor(parts: UpstreamParts) {
    this.#parts = parts;
  }

  /** The same object until it changes. */
  readonly getState = (): UpstreamState => this.#state;

  /** Calls `listener` after every change; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** The connection that is up, or coming up; null between two of them. */
  get peer(): RTCPeerConnection | null {
    return this.#peer;
  }

  /** The address of the session that is up; null where there is none. */
  get session(): string | null {
    return this.#session;
  }

  /** Begins; a second call ends what was before it. */
  open(plan: Plan): void {
    this.#release();
    this.#plan = plan;
    this.#attempt = 0;
    this.#become({ phase: "opening" });
    this.#begin(plan);
  }

  /** Tries at once where it waits to, as when a network came back. */
  readonly hurry = (): void => {
    if (this.#state.phase !== "recovering" || this.#plan === null || this.#peer !== null) return;
    this.#begin(this.#plan);
  };

  /** Ends it, here and at the station. */
  close(): void {
    this.#release();
    this.#plan = null;
    this.#become({ phase: "idle" });
  }

  #begin(plan: Plan): void {
    clearTimeout(this.#timer);
    const opened = new AbortController();
    this.#opened = opened;
    this.#timer = setTimeout(() => this.#lose(), PATIENCE_MS);
    this.#negotiate(plan, opened.signal).catch(() => {
      if (!opened.signal.aborted) this.#lose();
    });
  }

  async #negotiate(plan: Plan, signal: AbortSignal): Promise<void> {
    const [token, iceServers] = await Promise.all([
      this.#parts.token(),
      // Most networks need none: who is not told of any tries without.
      this.#parts.iceServers(signal).catch(() => []),
    ]);
    if (signal.aborted) return;
    const peer = this.#parts.connect({ iceServers: [...iceServers], bundlePolicy: "max-bundle" });
    this.#peer = peer;
    peer.addEventListener("connectionstatechange", () => this.#onConnection(peer), { signal });
    plan.prepare(peer);
    const { sdp = "" } = await peer.createOffer();
    if (signal.aborted) return;
    const offer = plan.mend(sdp);
    await peer.setLocalDescription({ type: "offer", sdp: offer });
    const headers: Record<string, string> = { "Content-Type": "application/sdp" };
    if (token !== null) headers.Authorization = `Bearer ${token}`;
    // The station is ICE-lite and learns our addresses from our checks: nothing has to be gathered first.
    const answer = await this.#parts.fetch(plan.url, { method: "POST", headers, body: offer });
    const location = answer.headers.get("Location");
    if (answer.status !== 201 || location === null) {
      const problem = await answer.json().catch(() => ({}));
      if (!signal.aborted) this.#refuse(answer.status, String(problem.detail ?? answer.status));
      return;
    }
    const session = new URL(location, new URL(plan.url, globalThis.location?.href)).href;
    // A session that was made has to be ended, also when nobody wants it any more.
    if (signal.aborted) return this.#goodbye(session);
    this.#session = session;
    const description = await answer.text();
    if (signal.aborted) return;
    await peer.setRemoteDescription({ type: "answer", sdp: description });
  }

  #onConnection(peer: RTCPeerConnection): void {
    if (peer !== this.#peer) return;
    clearTimeout(this.#timer);
    if (peer.connectionState === "connected") {
      this.#attempt = 0;
      this.#become({ phase: "live" });
    } else if (peer.connectionState === "failed" || peer.connectionState === "closed") {
      this.#lose();
    } else {
      const isPaused = peer.connectionState === "disconnected";
      this.#timer = setTimeout(() => this.#lose(), isPaused ? PAUSE_MS : PATIENCE_MS);
    }
  }

  #refuse(status: number, detail: string): void {
    const isTaken = status === 409 && this.#attempt < TAKEN_TRIES;
    if (isTaken || (status !== 409 && !FINAL.includes(status))) {
      this.#lose();
      return;
    }
    this.#release();
    this.#plan = null;
    this.#become({ phase: "refused", status, detail });
  }

  /** The one place that tries again. */
  #lose(): void {
    const plan = this.#plan;
    if (plan === null) return;
    this.#release();
    this.#attempt += 1;
    this.#become({ phase: "recovering", attempt: this.#attempt });
    const waitMs = backoffMs(this.#attempt, AGAIN, this.#parts.random());
    this.#timer = setTimeout(() => this.#begin(plan), waitMs);
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#opened?.abort();
    this.#opened = null;
    const peer = this.#peer;
    // The session is ended before its connection, or it would be gone when it is to be ended.
    if (this.#session === null) peer?.close();
    else void this.#goodbye(this.#session).then(() => peer?.close());
    this.#peer = null;
    this.#session = null;
  }

  async #goodbye(session: string): Promise<void> {
    const signal = AbortSignal.timeout(GOODBYE_MS);
    await this.#parts.fetch(session, { method: "DELETE", keepalive: true, signal }).catch(() => {});
  }

  #become(state: UpstreamState): void {
    if (JSON.stringify(this.#state) === JSON.stringify(state)) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
