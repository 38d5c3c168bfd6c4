import { connect } from "@onair/client";

import { Session } from "./session.ts";

/** Where it is marked that somebody is signed in on this device. */
const MARK = "onair.signed-in";

/** Who is signed in on this page. */
export const session = new Session({
  fetch: (request) => fetch(request),
  now: () => performance.now(),
  random: Math.random,
  baseUrl: location.origin,
  mark: {
    read: () => {
      try {
        return localStorage.getItem(MARK) !== null;
      } catch {
        return false;
      }
    },
    write: (isSignedIn) => {
      try {
        if (isSignedIn) localStorage.setItem(MARK, "1");
        else localStorage.removeItem(MARK);
      } catch {
        // A browser that keeps nothing has its people sign in with each page.
      }
    },
  },
});

/** The station that the page came from, asked as whoever is signed in. */
export const station = connect({ baseUrl: location.origin, fetch: session.fetch });

/** Follows what happens in other windows: who signs out there is signed out here. */
export function followOtherWindows(): void {
  addEventListener("storage", ({ key, newValue }) => {
    if (key === MARK && newValue === null) session.forget();
  });
}
