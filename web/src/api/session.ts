import { ProblemError, type Schema } from "@onair/client";

import { type BackoffLimits, backoffMs } from "../backoff.ts";

/** An account as its owner sees it. */
export type Account = Schema<"Account">;

type Tokens = Schema<"Session">;

export type SessionState =
  /** Somebody was signed in here before; the station is asked whether they still are. */
  | { readonly phase: "unknown" }
  | { readonly phase: "guest" }
  | { readonly phase: "signed in"; readonly account: Account };

/** A token with less life than this is exchanged before it is shown, in milliseconds. */
const SPARE_MS = 30_000;

/** After a station that did not answer. */
const AGAIN: BackoffLimits = { firstMs: 2000, capMs: 30_000 };

/** What a session is given from outside. */
export interface SessionParts {
  readonly fetch: (request: Request) => Promise<Response>;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
  /** In [0, 1), for the jitter of the retries. */
  readonly random: () => number;
  /** The origin of the station. */
  readonly baseUrl: string;
  /** Whether somebody is signed in on this device; no secret, and lost without harm. */
  readonly mark: { read(): boolean; write(isSignedIn: boolean): void };
}

/**
 * Who is signed in. The access token stays in memory; the refresh token is in a cookie that no script reads.
 *
 * A refresh token is good once, so there is one exchange at a time, whoever asks.
 */
export class Session {
  readonly #parts: SessionParts;
  readonly #listeners = new Set<() => void>();
  #state: SessionState;
  #token: { readonly value: string; readonly untilMs: number } | null = null;
  #exchange: Promise<void> | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#state = { phase: parts.mark.read() ? "unknown" : "guest" };
  }

  /** The same object until it changes. */
  readonly getState = (): SessionState => this.#state;

  /** Calls `listener` after every change; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Asks the station whether somebody is still signed in, until it answers. */
  async start(): Promise<void> {
    clearTimeout(this.#again);
    if (this.#state.phase !== "unknown") return;
    try {
      await this.#refresh();
      this.#attempt = 0;
    } catch {
      this.#attempt += 1;
      const waitMs = backoffMs(this.#attempt, AGAIN, this.#parts.random());
      this.#again = setTimeout(() => void this.start(), waitMs);
    }
  }

  /**
   * The access token, fresh; null for a guest. Throws where the station does not answer, for who is not known to be a
   * guest must not be treated as one.
   */
  readonly token = async (): Promise<string | null> => {
    if (this.#state.phase === "guest") return null;
    if (this.#token === null || this.#token.untilMs - this.#parts.now() < SPARE_MS) await this.#refresh();
    return this.#token?.value ?? null;
  };

  /**
   * Sends a request as whoever is signed in. A token that the station does not take any more, since somebody
   * signed out elsewhere or it was started anew, is exchanged once.
   */
  readonly fetch = async (request: Request): Promise<Response> => {
    const token = await this.token();
    if (token === null) return this.#parts.fetch(request);
    const second = request.clone();
    request.headers.set("authorization", `Bearer ${token}`);
    const answer = await this.#parts.fetch(request);
    if (answer.status !== 401) return answer;
    if (this.#token?.value === token) this.#token = null;
    const fresh = await this.token();
    if (fresh !== null) second.headers.set("authorization", `Bearer ${fresh}`);
    return this.#parts.fetch(second);
  };

  async signIn(credentials: Schema<"Credentials">): Promise<void> {
    await this.#begin("login", credentials);
  }

  async register(registration: Schema<"Registration">): Promise<void> {
    await this.#begin("register", registration);
  }

  /** Changes the password; every other sign-in of the account ends. */
  async changePassword(change: Schema<"PasswordChange">): Promise<void> {
    await this.#begin("password", change, await this.token());
  }

  /** Signs out, here at once, and at the station as soon as it hears of it. */
  async signOut(): Promise<void> {
    const token = this.#token?.value ?? null;
    this.#leave();
    await this.#post("logout", {}, token);
  }

  /** Somebody signed out in another window. */
  readonly forget = (): void => this.#leave();

  /** The account is called differently now. */
  told(account: Account): void {
    if (this.#state.phase === "signed in") this.#become({ phase: "signed in", account });
  }

  async #begin(what: string, body: object, token: string | null = null): Promise<void> {
    const answer = await this.#post(what, body, token);
    if (!answer.ok) throw await problemOf(answer);
    this.#take((await answer.json()) as Tokens);
  }

  #refresh(): Promise<void> {
    this.#exchange ??= this.#exchangeTokens().finally(() => {
      this.#exchange = null;
    });
    return this.#exchange;
  }

  async #exchangeTokens(): Promise<void> {
    const answer = await this.#post("refresh", {}, null);
    if (answer.ok) this.#take((await answer.json()) as Tokens);
    else if (answer.status === 401 || answer.status === 403) this.#leave();
    else throw await problemOf(answer);
  }

  #post(what: string, body: object, token: string | null): Promise<Response> {
    const headers: Record<string, string> = {
      "Content-Type": "application/json",
      // Pages of other sites cannot send it: that is how the station knows ours.
      "X-OnAir-Client": "browser",
    };
    if (token !== null) headers.Authorization = `Bearer ${token}`;
    const url = new URL(`/api/auth/${what}`, this.#parts.baseUrl);
    return this.#parts.fetch(new Request(url, { method: "POST", headers, body: JSON.stringify(body) }));
  }

  #take({ accessToken, expiresIn, user }: Tokens): void {
    this.#token = { value: accessToken, untilMs: this.#parts.now() + expiresIn * 1000 };
    this.#parts.mark.write(true);
    this.#become({ phase: "signed in", account: user });
  }

  #leave(): void {
    clearTimeout(this.#again);
    this.#token = null;
    this.#parts.mark.write(false);
    this.#become({ phase: "guest" });
  }

  #become(state: SessionState): void {
    if (JSON.stringify(this.#state) === JSON.stringify(state)) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

async function problemOf(answer: Response): Promise<ProblemError> {
  const problem = await answer.json().catch(() => null);
  return new ProblemError(answer.status, typeof problem?.detail === "string" ? problem : null);
}
