/** What is needed of a browser to be told something while no page is open; a test brings its own. */
export interface PushParts {
  /** Absent where the browser has no service workers, and on pages without HTTPS. */
  readonly workers: Pick<ServiceWorkerContainer, "register" | "getRegistration"> | undefined;
  /** Absent where the browser shows no notifications. */
  readonly notifications: Pick<typeof Notification, "permission" | "requestPermission"> | undefined;
}

/** Whether this browser is told things: it cannot, it was forbidden, or it is or is not. */
export type PushState = "missing" | "denied" | "off" | "on";

/** The service worker, which shows what comes. */
const WORKER = "/sw.js";

/** Of this browser. */
export function browserParts(): PushParts {
  return {
    workers: "PushManager" in globalThis ? navigator.serviceWorker : undefined,
    notifications: globalThis.Notification,
  };
}

/** Whether this browser is told things now. */
export async function pushState({ workers, notifications }: PushParts): Promise<PushState> {
  if (workers === undefined || notifications === undefined) return "missing";
  if (notifications.permission === "denied") return "denied";
  const registration = await workers.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  return subscription ? "on" : "off";
}

/** Thrown where whoever sits here does not allow notifications. */
export class NotAllowed extends Error {}

/** Asks for leave and subscribes, by the station's key (RFC 8292). */
export async function subscribePush(
  { workers, notifications }: PushParts,
  vapidPublicKey: string,
): Promise<PushSubscriptionJSON> {
  if (workers === undefined || notifications === undefined) throw new Error("this browser has no push");
  if ((await notifications.requestPermission()) !== "granted") throw new NotAllowed();
  const registration = await workers.register(WORKER, { updateViaCache: "none" });
  await active(registration);
  const before = await registration.pushManager.getSubscription();
  const options = { userVisibleOnly: true, applicationServerKey: vapidPublicKey };
  try {
    return (await registration.pushManager.subscribe(options)).toJSON();
  } catch (error) {
    // A subscription by another key, of a station that stood here before, is in the way.
    if (before === null) throw error;
    await before.unsubscribe();
    return (await registration.pushManager.subscribe(options)).toJSON();
  }
}

/** Has the browser forget its subscription. */
export async function unsubscribePush({ workers }: PushParts): Promise<void> {
  const registration = await workers?.getRegistration("/");
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

/** A worker that was installed just now takes no subscription yet. */
function active(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.installing ?? registration.waiting;
  if (registration.active !== null || worker === null) return Promise.resolve();
  return new Promise((done, failed) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") done();
      if (worker.state === "redundant") failed(new Error("the service worker was not installed"));
    });
  });
}
