import { parseArgs } from "node:util";

import { openBrowser, type Page } from "../../web/e2e/browser.ts";
import { Station } from "../../web/e2e/station.ts";
import { ageOf } from "./clock-tone.ts";
import { prepareEar, putEar, READINGS_PER_SECOND, takeSightings } from "./ear.ts";
import { ms, percentile } from "./figures.ts";
import { Speaker } from "./speaker.ts";
import { measureStage } from "./stage.ts";

const USAGE = `Mic to ear over WebRTC, in Chromium: from a page that publishes by WHIP to one that listens by WHEP, and
from one voice on the stage to another.

  --joins 10      listeners, one after the other
  --seconds 20    how long each listens
`;

/** What is promised at the 95th percentile, in seconds. */
const PROMISED = { programme: 0.15, stage: 0.1 };

/** A listener's jitter buffer finds its size within this time, in seconds. */
const SETTLING = 5;

/** The share of the time in which the tone must be readable. */
const HEARD_AT_LEAST = 0.95;

/** Runs the benchmark with command line flags, prints, and sets the exit status: 1 when the promise is broken. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      joins: { type: "string", default: "10" },
      seconds: { type: "string", default: "20" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(USAGE);
  const [joins, seconds] = [Number(values.joins), Number(values.seconds)];
  const station = await Station.open();
  const speaker = await Speaker.publish(station);
  const browser = await openBrowser();
  try {
    const all: number[] = [];
    for (let join = 1; join <= joins; join++) {
      const context = await browser.newContext({ bypassCSP: true });
      const { ages, first } = await listen(await context.newPage(), station, seconds);
      await context.close();
      const heard = ages.length / ((seconds - SETTLING) * READINGS_PER_SECOND);
      if (heard < HEARD_AT_LEAST) process.exitCode = 1;
      say(
        `  join ${String(join).padStart(2)}: first sound ${ms(first)}  p50 ${ms(percentile(ages, 50))}  ` +
          `p95 ${ms(percentile(ages, 95))}  max ${ms(percentile(ages, 100))}  heard ${Math.round(heard * 100)} %`,
      );
      all.push(...ages);
    }
    if (joins > 0) report("mic to ear over WebRTC", all, PROMISED.programme);
    const usual = await measureStage(station, seconds, "usual");
    say(`voice to voice on the stage, packets of 20 ms: ${summary(usual)}`);
    report("voice to voice on the stage", await measureStage(station, seconds, "as asked"), PROMISED.stage);
  } finally {
    await browser.close();
    await speaker.close();
    await station.close();
  }
}

/** How old the tone was as it was heard, from when the listener had settled; and seconds to the first of it. */
async function listen(
  page: Page,
  station: Station,
  seconds: number,
): Promise<{ ages: number[]; first: number }> {
  await page.goto(station.page("demo/whep.html"));
  await prepareEar(page);
  const pressed = Date.now() / 1000;
  await page.getByRole("button", { name: "Listen" }).click();
  await page.waitForFunction(() => document.querySelector("audio")?.srcObject instanceof MediaStream);
  await putEar(page);
  await page.waitForTimeout(seconds * 1000);
  const sightings = await takeSightings(page);
  const begun = sightings[0]?.earSeconds ?? Number.NaN;
  const settled = sightings.filter(({ earSeconds }) => earSeconds > begun + SETTLING);
  return { ages: settled.map(({ hertz, earSeconds }) => ageOf(hertz, earSeconds)), first: begun - pressed };
}

function report(what: string, ages: readonly number[], promised: number): void {
  const p95 = percentile(ages, 95);
  const kept = ages.length > 0 && p95 <= promised;
  if (!kept) process.exitCode = 1;
  say(`${what}: ${summary(ages)}  promised ${ms(promised)}: ${kept ? "kept" : "BROKEN"}`);
}

function summary(ages: readonly number[]): string {
  return `p50 ${ms(percentile(ages, 50))}  p95 ${ms(percentile(ages, 95))}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
