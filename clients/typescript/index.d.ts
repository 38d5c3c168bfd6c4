import type { Client } from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

export type { components, operations, paths } from "./schema.d.ts";

/** A schema of the document, by its name: `Schema<"Broadcast">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** Every operation of the API: `station.GET("/api/broadcasts/{id}", { params: { path: { id } } })`. */
export type Station = Client<paths>;

export interface Connection {
  /** Where the station is, `https://radio.example`; in a browser, without it, where the page is from. */
  readonly baseUrl?: string;
  /** Who is signed in; asked for each request where it is a function, since access tokens live for minutes. */
  readonly accessToken?: string | (() => string | null | undefined | Promise<string | null | undefined>);
  /** A server's own credentials. Never in a browser: everybody could read the secret. */
  readonly apiKey?: { readonly key: string; readonly secret: string };
  /** Instead of the global `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** A typed way to ask a station. Nothing is sent until an operation is asked for. */
export declare function connect(connection?: Connection): Station;

/** What went wrong, as the station says it. */
export type Problem = Schema<"Problem">;

/** The station answered with a problem (RFC 9457), or with something that is not of the API. */
export declare class ProblemError extends Error {
  /** The HTTP status. */
  readonly status: number;
  /** What the station says; null where whoever answered is not the API. */
  readonly problem: Problem | null;
  constructor(status: number, problem: Problem | null);
}

/**
 * The answer itself; a refusal is thrown as a `ProblemError`.
 *
 *     const { items } = await answered(station.GET("/api/broadcasts"));
 */
export declare function answered<T>(
  asked: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T>;
