/** The parts of an audio element that are told of. */
export type Heard = Pick<
  HTMLMediaElement,
  "addEventListener" | "removeEventListener" | "buffered" | "currentTime" | "seeking"
>;

/** Whether what is played goes on (`l`) or is complete (`v`). */
export type Stream = "l" | "v";

/** What is asked for: a playlist (`m`), sound (`a`), or what a decoder starts with (`i`). */
export type Asked = "m" | "a" | "i";

/**
 * What a player tells the caches on its way of itself (CTA-5004, Common Media Client Data): whose request it is, how
 * much sound it has, and whether it ran out.
 *
 * As a query and not as headers: a header of ours would make every request to another host two, since browsers ask
 * first whether it may be sent, address by address. Caches leave it out of their key, and the station reads past it.
 */
export class Cmcd {
  readonly #audio: Heard;
  readonly #session: string;
  readonly #stream: Stream;
  #played = false;
  #starved = false;

  constructor(audio: Heard, session: string, stream: Stream = "l") {
    this.#audio = audio;
    this.#session = session;
    this.#stream = stream;
    audio.addEventListener("playing", this.#onPlaying);
    audio.addEventListener("waiting", this.#onWaiting);
  }

  close(): void {
    this.#audio.removeEventListener("playing", this.#onPlaying);
    this.#audio.removeEventListener("waiting", this.#onWaiting);
  }

  /** `url` with what there is to tell. That the sound ran out is told once. */
  address(url: string, asked: Asked): string {
    const told = [`ot=${asked}`, "sf=h", `sid="${this.#session}"`, `st=${this.#stream}`];
    if (asked === "a") {
      if (this.#starved) told.unshift("bs");
      told.unshift(`bl=${this.#bufferedMs()}`);
      this.#starved = false;
    }
    return `${url}${url.includes("?") ? "&" : "?"}CMCD=${encodeURIComponent(told.join(","))}`;
  }

  /** To the next 100 ms, as the text has it. */
  #bufferedMs(): number {
    const { buffered, currentTime } = this.#audio;
    for (let at = 0; at < buffered.length; at++) {
      if (buffered.start(at) <= currentTime && currentTime <= buffered.end(at)) {
        return Math.round((buffered.end(at) - currentTime) * 10) * 100;
      }
    }
    return 0;
  }

  readonly #onPlaying = (): void => {
    this.#played = true;
  };

  /** Before the first sound, and while it is looked for elsewhere, nothing has run out. */
  readonly #onWaiting = (): void => {
    if (this.#played && !this.#audio.seeking) this.#starved = true;
  };
}

/** What `address` names. */
export function kindOf(address: string): Asked {
  const path = address.split("?")[0] ?? "";
  if (path.endsWith(".m3u8")) return "m";
  return path.endsWith("/init.mp4") ? "i" : "a";
}

const sessions = new WeakMap<object, string>();

/** The name of whoever listens on `audio`; by chance, the same for as long as the element lives, and kept nowhere. */
export function sessionOf(audio: object): string {
  const known = sessions.get(audio);
  if (known !== undefined) return known;
  // `randomUUID` is for HTTPS alone.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const made = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  sessions.set(audio, made);
  return made;
}
