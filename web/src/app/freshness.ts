/** How often a page that stays open asks whether there is a newer build, in milliseconds. */
const EVERY_MS = 60 * 60_000;

let isStale = false;

/** Whether a newer build has come since this page was loaded. */
export const isOutdated = (): boolean => isStale;

/**
 * Installs the service worker once the page is there, and learns from it of newer builds. A page in a frame of others
 * installs nothing.
 */
export function install(): void {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined || window !== window.parent) return;
  // The first one that takes over is no newer than the page.
  let hadOne = serviceWorker.controller !== null;
  serviceWorker.addEventListener("controllerchange", () => {
    isStale ||= hadOne;
    hadOne = true;
  });
  // Who came to listen listens first. A browser that wants none of it does without.
  const register = () =>
    void serviceWorker.register("/sw.js", { updateViaCache: "none" }).then(follow, () => {});
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}

/** An app on a home screen may stay open for weeks: it asks when it is looked at again. */
function follow(registration: ServiceWorkerRegistration): void {
  let askedAt = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || Date.now() - askedAt < EVERY_MS) return;
    askedAt = Date.now();
    // Without a connection there is no answer; the next look asks again.
    registration.update().catch(() => {});
  });
}
