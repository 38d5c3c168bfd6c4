import { createSocket } from "node:dgram";
import { once } from "node:events";
import { parseArgs } from "node:util";

import { type Browser, openBrowser, type Page } from "../../web/e2e/browser.ts";
import { Station } from "../../web/e2e/station.ts";
import { ms, percentile } from "./figures.ts";
import { type Harm, LossyPath } from "./lossy-path.ts";

const USAGE = `Listeners by WHEP on bad networks, in Chromium: how much of the sound it has to make up.

  --seconds 40    how long each listens, after ten in which it finds its jitter buffer's size
`;

/** Where clients are told that the server is; the server itself listens on 127.0.0.1. */
const PATH = "127.0.0.2";

/** In seconds: the jitter buffer grows, and the server learns of the loss. */
const SETTLING = 10;

const NETWORKS: readonly [string, Harm][] = [
  ["none lost", { lost: 0, lateMs: 0 }],
  ["5 % lost", { lost: 0.05, lateMs: 0 }],
  ["20 % lost", { lost: 0.2, lateMs: 0 }],
  ["up to 200 ms late", { lost: 0, lateMs: 200 }],
  ["5 % lost, up to 200 ms late", { lost: 0.05, lateMs: 200 }],
];

/** What a listener's browser counts. */
interface Counts {
  readonly samples: number;
  readonly concealed: number;
  readonly received: number;
  readonly lost: number;
  readonly delay: number;
  readonly emitted: number;
}

interface Heard {
  readonly concealed: number;
  readonly lost: number;
  readonly delaySeconds: number;
}

/** Runs the benchmark with command line flags, and prints. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { seconds: { type: "string", default: "40" }, help: { type: "boolean", default: false } },
  });
  if (values.help) return say(USAGE);
  const browser = await openBrowser();
  try {
    say("| network | RED | packets missed | sound made up | waits in the jitter buffer |");
    say("| --- | --- | --- | --- | --- |");
    for (const red of ["off", "auto"]) await measure(browser, red, Number(values.seconds));
  } finally {
    await browser.close();
  }
}

async function measure(browser: Browser, red: string, seconds: number): Promise<void> {
  const port = await freePort();
  const station = await Station.open(
    "--demo",
    "--rtc",
    `127.0.0.1:${port}`,
    "--rtc-public-ip",
    PATH,
    "--rtc-red",
    red,
  );
  const path = await LossyPath.open(PATH, port);
  try {
    for (const [name, harm] of NETWORKS) {
      const context = await browser.newContext({ bypassCSP: true });
      path.harm = { lost: 0, lateMs: 0 };
      const heard = await listen(await context.newPage(), station, seconds, () => {
        path.harm = harm;
      });
      await context.close();
      const [lost, concealed] = [heard.lost, heard.concealed].map((share) => `${(100 * share).toFixed(1)} %`);
      say(`| ${name} | ${red} | ${lost} | ${concealed} | ${ms(heard.delaySeconds).trim()} |`);
    }
  } finally {
    path.close();
    await station.close();
  }
}

/** Listens, first undisturbed, then after `disturb`. */
async function listen(page: Page, station: Station, seconds: number, disturb: () => void): Promise<Heard> {
  // The answer also tells the server's own address, by which nothing would be lost.
  await page.addInitScript((path) => {
    const Usual = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Usual {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        Object.assign(window, { listening: this });
      }

      override setRemoteDescription({ type, sdp = "" }: RTCSessionDescriptionInit): Promise<void> {
        const lines = sdp.split("\r\n");
        const kept = lines.filter((line) => !line.startsWith("a=candidate:") || line.includes(` ${path} `));
        return super.setRemoteDescription({ type, sdp: kept.join("\r\n") });
      }
    };
  }, PATH);
  await page.goto(station.page("demo/whep.html"));
  await page.getByLabel("Endpoint").fill("/whep/demo");
  await page.getByRole("button", { name: "Listen" }).click();
  await page.waitForFunction(() => document.querySelector("audio")?.srcObject instanceof MediaStream);
  await page.waitForFunction(() => (document.querySelector("audio")?.currentTime ?? 0) > 1);
  disturb();
  await page.waitForTimeout(SETTLING * 1000);
  const before = await counts(page);
  const delays: number[] = [];
  let last = before;
  for (let second = 0; second < seconds; second++) {
    await page.waitForTimeout(1000);
    const now = await counts(page);
    delays.push((now.delay - last.delay) / Math.max(now.emitted - last.emitted, 1));
    last = now;
  }
  const [received, lost] = [last.received - before.received, last.lost - before.lost];
  return {
    concealed: (last.concealed - before.concealed) / (last.samples - before.samples),
    lost: lost / (received + lost),
    delaySeconds: percentile(delays, 50),
  };
}

/** What the browser has counted of the sound so far. */
async function counts(page: Page): Promise<Counts> {
  return await page.evaluate(async () => {
    const peer = (window as unknown as { listening: RTCPeerConnection }).listening;
    const found = [...(await peer.getStats()).values()].find((report) => report.type === "inbound-rtp");
    if (found === undefined) throw new Error("the connection has no inbound sound");
    return {
      samples: found.totalSamplesReceived,
      concealed: found.concealedSamples,
      received: found.packetsReceived,
      lost: found.packetsLost,
      delay: found.jitterBufferDelay,
      emitted: found.jitterBufferEmittedCount,
    };
  });
}

/** A UDP port that was free a moment ago: the server has to be told one. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
