// The chat of a broadcast, for pages of any kind: a script without a build and without dependencies.
//
//   <script src="https://radio.example.org/sdk/live-chat.js"></script>      then: new LiveChat(…)
//   import { LiveChat } from "https://radio.example.org/sdk/live-chat.mjs";
//
// docs/CHAT.md of OnAir has an example.

(() => {
  /** As many characters may be in a message. */
  const CHARACTERS_MAX = 200;

  /** The wait before another try: at first, and at the longest, in milliseconds. */
  const FIRST_MS = 1000;
  const CAP_MS = 30_000;

  /** A connection that lasted as long was a good one: the next wait is a short one again, in milliseconds. */
  const GOOD_MS = 10_000;

  /** A ticket that takes longer is asked for anew, in milliseconds. */
  const TICKET_MS = 10_000;

  /** Messages that are known to have been shown: more than a room sends to who comes back. */
  const SHOWN_MAX = 200;

  /** Refusals that another try would not change: of a ticket, and the reasons of a connection that is closed. */
  const FINAL_STATUSES = [400, 401, 403, 404, 410];
  const FINAL_REASONS = ["banned", "otherRoom", "removed", "signIn"];

  /** The chat of one broadcast. It connects when it is made, and again by itself until `disconnect`. */
  class LiveChat {
    #baseUrl;
    #accessToken;
    #socket = null;
    #joined = false;
    #closed = false;
    #openedMs = 0;
    #attempt = 0;
    #timer;
    #lastEventId;
    #shown = new Set();
    #onChat = () => {};
    #onViewerUpdate = () => {};
    // biome-ignore lint/suspicious/noConsole: where whoever builds a page looks first.
    #onError = ({ code, detail }) => console.warn(`chat: ${detail} (${code})`);

    /**
     * @param {string | number} streamId the broadcast
     * @param {string | number} [userId] whose page it is; the station knows people by `accessToken` alone
     * @param {string} [username] likewise
     * @param {string} [baseUrl] the station, as http(s):// or ws(s)://; the page's own unless told
     * @param {string} [accessToken] of somebody who is signed in; without it one reads as a guest
     */
    constructor(streamId, userId, username, baseUrl = globalThis.location?.origin, accessToken = undefined) {
      this.streamId = String(streamId);
      this.userId = userId;
      this.username = username;
      this.#baseUrl = String(baseUrl).replace(/^ws/, "http").replace(/\/+$/, "");
      this.#accessToken = accessToken;
      void this.#connect();
    }

    /** Hears messages: `chat.onChat((username, text, message) => …)`, or `chat.onChat = …`. */
    get onChat() {
      return (callback) => {
        this.#onChat = callback;
      };
    }
    set onChat(callback) {
      this.#onChat = callback;
    }

    /** Hears how many listen: `chat.onViewerUpdate((count, { total, webrtc, hls }) => …)`, or `=`. */
    get onViewerUpdate() {
      return (callback) => {
        this.#onViewerUpdate = callback;
      };
    }
    set onViewerUpdate(callback) {
      this.#onViewerUpdate = callback;
    }

    /** Hears what went wrong: `chat.onError(({ code, detail }) => …)`, or `=`; the console does unless told. */
    get onError() {
      return (callback) => {
        this.#onError = callback;
      };
    }
    set onError(callback) {
      this.#onError = callback;
    }

    /** Whether messages can be sent now. */
    get isConnected() {
      return this.#joined;
    }

    /**
     * Says something: 1 to 200 characters. False, and `onError`, where it cannot be sent; the station may still refuse
     * it, which `onError` hears.
     */
    sendMessage(text) {
      const characters = [...String(text).trim()].length;
      if (characters === 0) return this.#refuse("empty", "there is nothing to send");
      if (characters > CHARACTERS_MAX) {
        return this.#refuse(
          "tooLong",
          `a message has at most ${CHARACTERS_MAX} characters; this has ${characters}`,
        );
      }
      if (!this.#joined) return this.#refuse("notConnected", "the chat is not connected");
      this.#send({ type: "chatMessage", message: String(text) });
      return true;
    }

    /** Ends it for good. */
    disconnect() {
      if (this.#joined) this.#send({ type: "leave" });
      this.#end();
    }

    async #connect() {
      let ticket;
      try {
        ticket = await this.#ticket();
      } catch {
        this.#again();
        return;
      }
      if (this.#closed || ticket === null) return;
      const path = `/ws/broadcasts/${encodeURIComponent(this.streamId)}`;
      const socket = new WebSocket(this.#baseUrl.replace(/^http/, "ws") + path);
      this.#socket = socket;
      this.#openedMs = Date.now();
      socket.onopen = () => this.#send({ type: "join", ticket, lastEventId: this.#lastEventId });
      socket.onmessage = ({ data }) => this.#hear(data);
      socket.onclose = ({ code, reason }) => {
        if (socket !== this.#socket) return;
        this.#socket = null;
        this.#joined = false;
        // 1000: all is said.
        if (code === 1000 || FINAL_REASONS.includes(reason)) this.#end();
        else this.#again();
      };
    }

    /** A ticket, or null where there will be none. */
    async #ticket() {
      const headers = this.#accessToken === undefined ? {} : { Authorization: `Bearer ${this.#accessToken}` };
      const url = `${this.#baseUrl}/api/broadcasts/${encodeURIComponent(this.streamId)}/ticket`;
      const answer = await fetch(url, { method: "POST", headers, signal: AbortSignal.timeout(TICKET_MS) });
      const body = await answer.json().catch(() => ({}));
      if (answer.ok && typeof body.ticket === "string") return body.ticket;
      if (!FINAL_STATUSES.includes(answer.status)) throw new Error(`the station answered ${answer.status}`);
      if (!this.#closed) this.#refuse("refused", body.detail ?? `the station answered ${answer.status}`);
      this.#end();
      return null;
    }

    /** The one place that tries again, after a wait that grows and is spread by chance. */
    #again() {
      if (this.#closed) return;
      if (this.#openedMs > 0 && Date.now() - this.#openedMs >= GOOD_MS) this.#attempt = 0;
      this.#openedMs = 0;
      const ceiling = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(this.#attempt, 10));
      this.#attempt += 1;
      this.#timer = setTimeout(() => void this.#connect(), ceiling * (0.5 + Math.random() / 2));
    }

    #hear(data) {
      let message;
      try {
        message = JSON.parse(data);
      } catch {
        return;
      }
      if (message.type === "joined") this.#joined = true;
      // What is told to who is not in yet is no message of the room's.
      if (this.#joined) this.#lastEventId = message.id;
      switch (message.type) {
        case "joined":
          this.userId = message.you.id;
          this.username = message.you.name;
          // After a short absence there is no snapshot: what was missed follows.
          for (const said of message.room?.messages ?? []) this.#show(said);
          if (message.room) this.#count(message.room.listeners);
          break;
        case "chatMessage":
          // In the history each message has its own time; a new one has that of the notice.
          this.#show({ ...message.message, at: message.at, programTime: message.programTime });
          break;
        case "listenerCount":
          this.#count(message.listeners);
          break;
        case "error":
          this.#refuse(message.code, message.detail);
          break;
        case "removed":
          if (message.userId !== this.userId) break;
          this.#refuse("removed", "you were put out of the room");
          this.#end();
          break;
      }
    }

    /** Each message once, also where a snapshot has it again. */
    #show(said) {
      if (this.#shown.has(said.id)) return;
      this.#shown.add(said.id);
      if (this.#shown.size > SHOWN_MAX) this.#shown.delete(this.#shown.values().next().value);
      this.#onChat(said.author.name, said.text, said);
    }

    #count(listeners) {
      this.#onViewerUpdate(listeners.total, listeners);
    }

    #refuse(code, detail) {
      this.#onError({ code, detail });
      return false;
    }

    #send(message) {
      this.#socket?.send(JSON.stringify(message));
    }

    #end() {
      clearTimeout(this.#timer);
      this.#closed = true;
      this.#joined = false;
      const socket = this.#socket;
      this.#socket = null;
      socket?.close(1000);
    }
  }

  globalThis.LiveChat = LiveChat;
})();
