import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

/** What a network does to packets. */
export interface Harm {
  /** The share that is lost, each packet by its own, both ways. */
  readonly lost: number;
  /** A packet comes up to so much later, by its own, so that packets overtake each other. */
  readonly lateMs: number;
}

/** A way between clients and the server's UDP port that harms what goes over it; seeded dice throw. */
export class LossyPath {
  readonly #door: Socket;
  readonly #serverPort: number;
  readonly #clients = new Map<string, Socket>();
  #harm: Harm = { lost: 0, lateMs: 0 };
  #dice = dice(0x5eed);
  #closed = false;

  private constructor(door: Socket, serverPort: number) {
    this.#door = door;
    this.#serverPort = serverPort;
    door.on("message", (packet, from) => this.#out(packet, from));
  }

  /** Opens it at `address`, with the server's own port number; the server listens on 127.0.0.1. */
  static async open(address: string, port: number): Promise<LossyPath> {
    const door = createSocket("udp4");
    door.bind(port, address);
    await once(door, "listening");
    return new LossyPath(door, port);
  }

  /** What happens to packets from now on. */
  set harm(harm: Harm) {
    this.#harm = harm;
    this.#dice = dice(0x5eed);
  }

  /** Ends it; what is still under way is lost. */
  close(): void {
    this.#closed = true;
    for (const socket of [this.#door, ...this.#clients.values()]) socket.close();
  }

  #out(packet: Buffer, from: RemoteInfo): void {
    const name = `${from.address}:${from.port}`;
    let socket = this.#clients.get(name);
    if (socket === undefined) {
      socket = createSocket("udp4");
      socket.on("message", (back) => this.#carry(() => this.#door.send(back, from.port, from.address)));
      this.#clients.set(name, socket);
    }
    const way = socket;
    this.#carry(() => way.send(packet, this.#serverPort, "127.0.0.1"));
  }

  #carry(send: () => void): void {
    if (this.#dice() < this.#harm.lost) return;
    const arrive = (): void => {
      if (!this.#closed) send();
    };
    if (this.#harm.lateMs === 0) arrive();
    else setTimeout(arrive, this.#dice() * this.#harm.lateMs);
  }
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
