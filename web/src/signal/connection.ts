import { type BackoffLimits, backoffMs } from "../backoff.ts";
import { type Ask, type Joined, type Notice, parse } from "./protocol.ts";

/** A lost connection; an audience that lost its server together comes back spread out. */
const AGAIN: BackoffLimits = { firstMs: 1000, capMs: 30_000 };

/** A connection that lasted as long was a good one: the next wait is a short one again, in milliseconds. */
const GOOD_MS = 10_000;

/** Whoever is not in by then tries anew, in milliseconds. */
const PATIENCE_MS = 15_000;

/** Reasons of a connection that is closed, which coming again would not change. */
const FINAL_REASONS: readonly string[] = ["banned", "otherRoom", "removed", "signIn", "notAllowed"];

export type ConnectionState =
  | { readonly phase: "idle" }
  | { readonly phase: "connecting" }
  | { readonly phase: "in" }
  /** It comes back by itself; `attempt` counts from 1. */
  | { readonly phase: "lost"; readonly attempt: number }
  /** It does not. */
  | { readonly phase: "over"; readonly reason: "refused" | "put out" | "left" };

/** As much of a WebSocket as is needed. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

/** What a connection is given from outside. */
export interface ConnectionParts {
  /** A ticket, good once; null where the station refuses one, and will. */
  readonly ticket: (signal: AbortSignal) => Promise<string | null>;
  readonly connect: () => Socket;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** In [0, 1), for the jitter of the retries. */
  readonly random: () => number;
}

/** One person's connection to one room: comes in, comes back where it is lost, and says what it missed from. */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #hear: (message: Joined | Notice) => void;
  readonly #listeners = new Set<() => void>();
  #state: ConnectionState = { phase: "idle" };
  #opened: AbortController | null = null;
  #socket: Socket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastEventId: string | null = null;
  #attempt = 0;
  #sinceMs = 0;

  /** `hear` is called with everything that the room tells, in order. */
  constructor(parts: ConnectionParts, hear: (message: Joined | Notice) => void) {
    this.#parts = parts;
    this.#hear = hear;
  }

  /** The same object until it changes. */
  readonly getState = (): ConnectionState => this.#state;

  /** Calls `listener` after every change; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Comes in. A second call comes in anew, as somebody else: the room is told from its beginning. */
  open(): void {
    this.#release();
    this.#lastEventId = null;
    this.#attempt = 0;
    this.#opened = new AbortController();
    void this.#connect(this.#opened.signal);
  }

  /** Tries at once where it waits to, as when a network came back. */
  readonly hurry = (): void => {
    const signal = this.#opened?.signal;
    if (this.#state.phase !== "lost" || signal === undefined) return;
    clearTimeout(this.#timer);
    void this.#connect(signal);
  };

  /** Asks for something; false where nobody hears it now. */
  ask(message: Ask): boolean {
    if (this.#state.phase !== "in" || this.#socket === null) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Goes; the connection may be opened again. */
  close(): void {
    this.ask({ type: "leave" });
    this.#release();
    this.#become({ phase: "idle" });
  }

  async #connect(signal: AbortSignal): Promise<void> {
    if (this.#state.phase !== "lost") this.#become({ phase: "connecting" });
    this.#sinceMs = this.#parts.now();
    this.#timer = setTimeout(() => this.#lose(), PATIENCE_MS);
    let ticket: string | null;
    try {
      ticket = await this.#parts.ticket(signal);
    } catch {
      if (!signal.aborted) this.#lose();
      return;
    }
    if (signal.aborted) return;
    if (ticket === null) {
      this.#end("refused");
      return;
    }
    this.#join(this.#parts.connect(), ticket);
  }

  #join(socket: Socket, ticket: string): void {
    this.#socket = socket;
    const lastEventId = this.#lastEventId === null ? {} : { lastEventId: this.#lastEventId };
    socket.onopen = () => socket.send(JSON.stringify({ type: "join", ticket, ...lastEventId }));
    socket.onmessage = ({ data }) => {
      const message = typeof data === "string" ? parse(data) : null;
      if (message === null || socket !== this.#socket) return;
      if (message.type === "joined") {
        clearTimeout(this.#timer);
        this.#sinceMs = this.#parts.now();
        this.#become({ phase: "in" });
      }
      // What is told to who is not in yet is no message of the room's.
      if (this.#state.phase === "in") this.#lastEventId = message.id;
      this.#hear(message);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket !== this.#socket) return;
      // 1000: all is said.
      if (code === 1000) this.#end("left");
      else if (FINAL_REASONS.includes(reason)) this.#end(reason === "removed" ? "put out" : "refused");
      else this.#lose();
    };
  }

  /** The one place that tries again. */
  #lose(): void {
    const signal = this.#opened?.signal;
    if (signal === undefined) return;
    this.#drop();
    const lasted = this.#state.phase === "in" && this.#parts.now() - this.#sinceMs >= GOOD_MS;
    this.#attempt = lasted ? 1 : this.#attempt + 1;
    this.#become({ phase: "lost", attempt: this.#attempt });
    const waitMs = backoffMs(this.#attempt, AGAIN, this.#parts.random());
    this.#timer = setTimeout(() => void this.#connect(signal), waitMs);
  }

  #end(reason: "refused" | "put out" | "left"): void {
    this.#release();
    this.#become({ phase: "over", reason });
  }

  #release(): void {
    this.#opened?.abort();
    this.#opened = null;
    this.#drop();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  #become(state: ConnectionState): void {
    if (JSON.stringify(this.#state) === JSON.stringify(state)) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
