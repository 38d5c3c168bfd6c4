import { parseArgs } from "node:util";

import { type Browser, openBrowser, type Page } from "../../web/e2e/browser.ts";
import { Station } from "../../web/e2e/station.ts";
import { type Calibration, calibrate } from "./calibration.ts";
import { ageOf } from "./clock-tone.ts";
import { prepareEar, putEar, READINGS_PER_SECOND, takeSightings, takeStalls } from "./ear.ts";
import { ms, percentile } from "./figures.ts";
import { Microphone } from "./microphone.ts";
import { measureProgramme, type ProgrammeFigures } from "./programme.ts";
import { measurePublisher } from "./publisher-delay.ts";

const USAGE = `Mic to ear, from an RTMP publisher to the page in Chromium, on this machine.

  --mode low,ultra       latency modes to measure
  --joins 20             listeners, one after the other, a mode
  --seconds 60           how long each listens
  --stall-seconds 600    how long one more listens, whose stalls alone are counted; 0 for none
`;

/** What is promised, in seconds at the 95th percentile. */
const PROMISED: Record<string, number> = { low: 2.6, ultra: 1.0 };

/** A `waiting` shorter than this is the browser catching its breath, in milliseconds. */
const STALL_MS = 50;

/** The share of the time in which the code must be readable: a player that plays silence has no stall either. */
const HEARD_AT_LEAST = 0.95;

interface Join {
  /** From the press of the button to the first sound, in seconds. */
  readonly start: number;
  readonly ages: readonly number[];
  /** The most that was buffered ahead within each second. */
  readonly ahead: readonly number[];
  readonly stalls: readonly number[];
  readonly programme: ProgrammeFigures;
}

/** Runs the benchmark with command line flags, prints, and sets the exit status: 1 when a promise is broken. */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      mode: { type: "string", default: "low,ultra" },
      joins: { type: "string", default: "20" },
      seconds: { type: "string", default: "60" },
      "stall-seconds": { type: "string", default: "600" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return say(USAGE);

  const browser = await openBrowser();
  try {
    const publisher = await measurePublisher();
    for (const mode of values.mode.split(",")) {
      const plan = { mode, joins: Number(values.joins), seconds: Number(values.seconds) };
      await measureMode(browser, plan, publisher, Number(values["stall-seconds"]));
    }
  } finally {
    await browser.close();
  }
}

async function measureMode(
  browser: Browser,
  plan: { mode: string; joins: number; seconds: number },
  publisher: number,
  stallSeconds: number,
): Promise<void> {
  const station = await Station.open("--studio-latency-mode", plan.mode, "--rtc", "off");
  const microphone = new Microphone(station.publishUrl);
  try {
    say(`\n${plan.mode}: ${plan.joins} joins of ${plan.seconds} s`);
    const calibration = await withPage(browser, station, calibrate);
    say(
      `  the measure itself: error ${ms(calibration.error)}, spread ±${ms(calibration.spread).trim()}; ` +
        `an audio element is heard ${ms(calibration.element).trim()} after its currentTime`,
    );
    const joins: Join[] = [];
    for (let join = 1; join <= plan.joins; join++) {
      const heard = await withPage(browser, station, (page) => listenOnce(page, station, plan.seconds));
      joins.push(heard);
      say(`  join ${String(join).padStart(2)}: ${describe(heard)}`);
    }
    if (joins.length > 0) report(plan.mode, joins, publisher, calibration);
    if (stallSeconds > 0) {
      const { stalls, heard } = await withPage(browser, station, (page) => countStalls(page, stallSeconds));
      if (stalls.length > 0 || heard < HEARD_AT_LEAST) process.exitCode = 1;
      say(
        `  stalls over ${STALL_MS} ms in ${stallSeconds} s: ${stalls.length} ${listOf(stalls)}` +
          `; the code was read in ${Math.round(heard * 100)} % of the time`,
      );
    }
    say(
      `  the microphone: ${microphone.dropped} pieces dropped, wall clock against monotonic ` +
        `${Math.round(microphone.clockDriftMs)} ms`,
    );
  } finally {
    await microphone.close();
    await station.close();
  }
}

async function withPage<T>(browser: Browser, station: Station, use: (page: Page) => Promise<T>): Promise<T> {
  // The ear's own script comes from a blob, which the pages' policy need not allow.
  const context = await browser.newContext({ bypassCSP: true });
  try {
    const page = await context.newPage();
    await page.goto(station.page("/listen/studio"));
    return await use(page);
  } finally {
    await context.close();
  }
}

async function listenOnce(page: Page, station: Station, seconds: number): Promise<Join> {
  await prepareEar(page);
  await putEar(page);
  const pressed = Date.now() / 1000;
  await page.getByRole("button", { name: "Listen" }).click();
  const [programme] = await Promise.all([
    measureProgramme(station.page("/live/studio/index.m3u8")),
    page.waitForTimeout(seconds * 1000),
  ]);
  const sightings = await takeSightings(page);
  const ahead = new Map<number, number>();
  for (const sighting of sightings) {
    const second = Math.floor(sighting.earSeconds);
    ahead.set(second, Math.max(ahead.get(second) ?? 0, sighting.ahead));
  }
  return {
    start: (sightings[0]?.earSeconds ?? Number.NaN) - pressed,
    ages: sightings.map(({ hertz, earSeconds }) => ageOf(hertz, earSeconds)),
    ahead: [...ahead.values()],
    stalls: (await takeStalls(page)).filter((milliseconds) => milliseconds > STALL_MS),
    programme,
  };
}

async function countStalls(page: Page, seconds: number): Promise<{ stalls: number[]; heard: number }> {
  await prepareEar(page);
  await putEar(page);
  await page.getByRole("button", { name: "Listen" }).click();
  const stalls: number[] = [];
  let readings = 0;
  for (let minute = 0; minute * 60 < seconds; minute++) {
    await page.waitForTimeout(Math.min(60, seconds - minute * 60) * 1000);
    readings += (await takeSightings(page)).length;
    stalls.push(...(await takeStalls(page)).filter((milliseconds) => milliseconds > STALL_MS));
  }
  return { stalls, heard: readings / (seconds * READINGS_PER_SECOND) };
}

function describe(join: Join): string {
  return (
    `first sound ${ms(join.start)}  p50 ${ms(percentile(join.ages, 50))}  p95 ${ms(percentile(join.ages, 95))}  ` +
    `max ${ms(percentile(join.ages, 100))}  readings ${join.ages.length}  stalls ${join.stalls.length}`
  );
}

function report(mode: string, joins: readonly Join[], publisher: number, calibration: Calibration): void {
  const ages = joins.flatMap((join) => join.ages);
  const p50 = percentile(ages, 50);
  const p95 = percentile(ages, 95);
  const promised = PROMISED[mode];
  const kept = promised === undefined || p95 <= promised;
  if (!kept || ages.length === 0) process.exitCode = 1;
  say(
    `  mic to ear: p50 ${ms(p50)}  p95 ${ms(p95)}` +
      (promised === undefined ? "" : `  promised ${ms(promised)}: ${kept ? "kept" : "BROKEN"}`),
  );
  const median = (of: (join: Join) => number) => percentile(joins.map(of), 50);
  const entry = median((join) => join.programme.entry);
  const release = median((join) => join.programme.release);
  const asked = median((join) => join.programme.partHoldBack);
  const distance = median((join) => percentile(join.ahead, 50));
  const steps: [string, number][] = [
    ["publisher: microphone to frame", publisher],
    ["RTMP, jitter buffer, mix", entry - publisher],
    ["tick, AAC, release of the part", release],
    [`distance kept (asked: ${ms(asked).trim()})`, distance],
    ["round trips, append, output", p50 - entry - release - distance],
    ["of that: element to output", calibration.element],
  ];
  for (const [step, seconds] of steps) say(`    ${step.padEnd(36)} ${ms(seconds)}`);
}

function listOf(stalls: readonly number[]): string {
  return stalls.length === 0 ? "" : `(${stalls.map((stall) => `${Math.round(stall)} ms`).join(", ")})`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
