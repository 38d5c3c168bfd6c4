import { Connection, type ConnectionParts, type ConnectionState } from "./connection.ts";
import type { Ask, Joined, Notice } from "./protocol.ts";
import { asked, joined, type RoomState, told } from "./room-state.ts";

/** What a page knows of a room. */
export interface RoomView {
  readonly connection: ConnectionState;
  /** As it was told last; null before one was ever in. */
  readonly room: RoomState | null;
}

/** A room and the connection to it. */
export class Room {
  readonly #connection: Connection;
  readonly #listeners = new Set<() => void>();
  readonly #passing = new Set<(notice: Notice) => void>();
  #view: RoomView = { connection: { phase: "idle" }, room: null };

  constructor(parts: ConnectionParts) {
    this.#connection = new Connection(parts, this.#hear);
    this.#connection.subscribe(() =>
      this.#become({ ...this.#view, connection: this.#connection.getState() }),
    );
  }

  /** The same object until it changes. */
  readonly getState = (): RoomView => this.#view;

  /** Calls `listener` after every change; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Calls `hear` with everything that is told while one is in, in order; the answer ends it. */
  onNotice(hear: (notice: Notice) => void): () => void {
    this.#passing.add(hear);
    return () => {
      this.#passing.delete(hear);
    };
  }

  /** Comes in; a second call comes in anew, as whoever is signed in by then. */
  open(): void {
    this.#connection.open();
  }

  /** Tries at once where it waits to. */
  readonly hurry = (): void => this.#connection.hurry();

  /** Asks for something; false where nobody hears it now. */
  ask(message: Ask): boolean {
    const isHeard = this.#connection.ask(message);
    const { room } = this.#view;
    if (isHeard && room !== null) this.#become({ ...this.#view, room: asked(room, message) });
    return isHeard;
  }

  close(): void {
    this.#connection.close();
  }

  readonly #hear = (message: Joined | Notice): void => {
    const { room } = this.#view;
    if (message.type === "joined") {
      this.#become({ ...this.#view, room: joined(message, room) });
      return;
    }
    if (room !== null) this.#become({ ...this.#view, room: told(room, message) });
    for (const hear of this.#passing) hear(message);
  };

  #become(view: RoomView): void {
    if (view.connection === this.#view.connection && view.room === this.#view.room) return;
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}
