import type { Page } from "playwright-core";

/** What the room told, as far as a test reads it. */
export interface Told {
  readonly type: string;
  readonly [field: string]: unknown;
}

interface Room {
  readonly socket: WebSocket;
  readonly told: Told[];
  read: number;
}

/** Somebody in the room of a broadcast, in a page of the station. */
export class Member {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Comes in with an access token, or as a guest. The page is one of the station's. */
  static async join(page: Page, broadcast: string, token?: string): Promise<Member> {
    await page.evaluate(
      async ({ broadcast, token }) => {
        const headers: Record<string, string> =
          token === undefined ? {} : { Authorization: `Bearer ${token}` };
        const answer = await fetch(`/api/broadcasts/${broadcast}/ticket`, { method: "POST", headers });
        const { ticket } = await answer.json();
        const url = new URL(`/ws/broadcasts/${broadcast}`, location.href);
        url.protocol = url.protocol.replace("http", "ws");
        const room: Room = { socket: new WebSocket(url), told: [], read: 0 };
        Object.assign(window, { room });
        room.socket.onmessage = ({ data }) => room.told.push(JSON.parse(data));
        room.socket.onopen = () => room.socket.send(JSON.stringify({ type: "join", ticket }));
      },
      { broadcast, token },
    );
    const member = new Member(page);
    await member.told("joined");
    return member;
  }

  /** Asks for something. */
  async ask(message: Told): Promise<void> {
    await this.#page.evaluate((message) => {
      (window as unknown as { room: Room }).room.socket.send(JSON.stringify(message));
    }, message);
  }

  /** Waits for the next message of this type. */
  async told(type: string): Promise<Told> {
    const found = await this.#page.waitForFunction((type) => {
      const { room } = window as unknown as { room: Room };
      const place = room.told.findIndex((told, index) => index >= room.read && told.type === type);
      if (place < 0) return null;
      room.read = place + 1;
      return room.told[place] ?? null;
    }, type);
    return (await found.jsonValue()) as Told;
  }
}
