import { browserName } from "../../api/browser-name.ts";
import { loadConfig } from "../../api/config.ts";
import { forgetDevice, registerBrowser } from "../../api/devices.ts";
import { browserParts, subscribePush, unsubscribePush } from "../../api/push.ts";

/** Where this browser keeps which of the devices it is. */
const KEPT = "onair.device";

/** The device that this browser is; null where it is none, or keeps nothing. */
export function keptDevice(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** Has this browser told what whoever is signed in wants to be told. */
export async function turnOn(): Promise<void> {
  const { vapidPublicKey } = await loadConfig();
  const subscription = await subscribePush(browserParts(), vapidPublicKey);
  const { id } = await registerBrowser(browserName(navigator.userAgent), subscription);
  keep(id);
}

/** Has it told nothing any more, as before somebody else sits down here. */
export async function turnOff(): Promise<void> {
  const device = keptDevice();
  if (device !== null) await forgetDevice(device);
  keep(null);
  await unsubscribePush(browserParts());
}

function keep(id: string | null): void {
  try {
    if (id === null) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, id);
  } catch {
    // A browser that keeps nothing is offered to be told things again.
  }
}
