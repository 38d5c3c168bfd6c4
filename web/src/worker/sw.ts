/**
 * The service worker: keeps the app's own files, says so where there is no connection, and shows what is pushed. The
 * rules are beside it; here they meet the browser.
 */
import { noticeOf, show } from "./notice.ts";
import { type Build, Shell } from "./shell.ts";
import { ASSETS, OFFLINE_PARTS, wayOf } from "./way.ts";

declare const self: ServiceWorkerGlobalScope;

/** Put in by the build. */
declare const BUILD: Build;

/** How a browser is told what it need not ask the worker about. */
interface WithRoutes {
  addRoutes?(rules: readonly object[]): Promise<void>;
}

const { origin } = self.location;
const shell = new Shell({ caches: self.caches, fetch: (request) => self.fetch(request), build: BUILD });

self.addEventListener("install", (event) => {
  event.waitUntil(Promise.all([shell.fill(), passBy(event as WithRoutes), self.skipWaiting()]));
});

self.addEventListener("activate", (event) => {
  const ahead = self.registration.navigationPreload?.enable();
  event.waitUntil(Promise.all([shell.tidy(), ahead, self.clients.claim()]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  switch (wayOf(request, origin)) {
    case "page":
      event.respondWith(shell.page(request, event.preloadResponse));
      break;
    case "kept":
      event.respondWith(shell.kept(request));
      break;
    case "alone":
      break;
  }
});

self.addEventListener("push", (event) => {
  const { title, options } = noticeOf(event.data?.text() ?? "", origin);
  event.waitUntil(self.registration.showNotification(title, options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(self.clients, String(event.notification.data)));
});

/**
 * Lets everything pass by the worker that it would leave alone: a part of the sound is asked for twice a second, and
 * waits for nobody. A browser that knows no such rules asks the worker, which says the same.
 */
async function passBy(event: WithRoutes): Promise<void> {
  const ours = [`${ASSETS}*`, ...OFFLINE_PARTS].map((pathname) => ({ urlPattern: { pathname } }));
  const condition = { not: { or: [{ requestMode: "navigate" }, ...ours] } };
  await event.addRoutes?.([{ condition, source: "network" }]).catch(() => {});
}
