/**
 * What the worker does with a request: asks for a page first of the network, answers what a build has made from what it
 * keeps, and leaves everything else alone.
 */
export type Way = "page" | "kept" | "alone";

/** As much of a request as is looked at. */
export interface Asked {
  readonly method: string;
  readonly mode: string;
  readonly url: string;
}

/** What a build names by its content: it never changes. */
export const ASSETS = "/assets/";

/** The page for when there is no connection, and what it is made of. */
export const OFFLINE = "/offline.html";
export const OFFLINE_PARTS: readonly string[] = ["/offline.css", "/offline.js", "/icon.svg"];

/** Addresses that are no page of the app, whoever opens them. `/api/docs` is one. */
const OTHERS =
  /^\/(?:api\/(?!docs$)|live\/|hls\/|s\/|preview\/|whip\/|whep\/|stage\/|ws\/|health|readyz$|metrics$|covers\/|podcasts\/|unsubscribe\/|oembed$|demo\/|sdk\/)/;

/** The way of a request, for the worker of `origin`. */
export function wayOf({ method, mode, url }: Asked, origin: string): Way {
  const { origin: asked, pathname } = new URL(url);
  if (method !== "GET" || asked !== origin) return "alone";
  if (pathname.startsWith(ASSETS) || OFFLINE_PARTS.includes(pathname)) return "kept";
  return mode === "navigate" && !OTHERS.test(pathname) ? "page" : "alone";
}
