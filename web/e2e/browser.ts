import { type Browser, chromium } from "playwright-core";

export type { Browser, Page } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** No sandbox, since tests run as root in a container; nothing of the browser's own on the network. */
const FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // The server under test listens on loopback alone.
  "--allow-loopback-in-peer-connection",
];

/** Starts a browser without a window; a page plays only after a gesture, as with a person before it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** The same, with somebody at the microphone: the sound of a WAV file, over and over. */
export function openSpeaker(wav: string): Promise<Browser> {
  const microphone = [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-audio-capture=${wav}`,
  ];
  return chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...microphone] });
}
