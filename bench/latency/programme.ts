import { spawn } from "node:child_process";

import { ageOf, RATE, readTone, UNREST_MAX } from "./clock-tone.ts";
import { percentile } from "./figures.ts";

/** A reading of decoded sound: 43 ms. */
const READING = 2048;

/** What the origin says, without a player between. */
export interface ProgrammeFigures {
  /** From the microphone to the sample's place in the programme (PROGRAM-DATE-TIME), in seconds. */
  readonly entry: number;
  /** From the end of a part, by PROGRAM-DATE-TIME, to the arrival of the playlist that lists it, in seconds. */
  readonly release: number;
  readonly partHoldBack: number;
}

/** Reads a run as a player does, decodes a segment of it, and compares its sound with its dates. */
export async function measureProgramme(multivariant: string): Promise<ProgrammeFigures> {
  const media = await mediaPlaylistUrl(multivariant);
  const entry = await measureEntry(media);
  const { release, partHoldBack } = await measureRelease(media);
  return { entry, release, partHoldBack };
}

/** The first variant is AAC main, which every player can play. */
async function mediaPlaylistUrl(multivariant: string): Promise<string> {
  const uri = (await text(multivariant)).split("\n").find((line) => line !== "" && !line.startsWith("#"));
  if (uri === undefined) throw new Error(`${multivariant} names no variant`);
  return new URL(uri.trim(), multivariant).href;
}

async function measureEntry(media: string): Promise<number> {
  const playlist = await text(media);
  const map = playlist.match(/#EXT-X-MAP:.*URI="([^"]+)"/)?.[1];
  const segment = lastSegment(playlist);
  if (map === undefined || segment === null) throw new Error(`${media} lists no whole segment yet`);
  const [init, body] = await Promise.all([bytes(new URL(map, media)), bytes(new URL(segment.uri, media))]);
  const pcm = await decode(Buffer.concat([init, body]));
  const ages: number[] = [];
  for (let start = 0; start + READING <= pcm.length; start += READING) {
    const reading = readTone(pcm.subarray(start, start + READING), RATE);
    if (reading === null || reading.unrest > UNREST_MAX) continue;
    ages.push(ageOf(reading.hertz, segment.dateSeconds + (start + READING / 2) / RATE));
  }
  return percentile(ages, 50);
}

/** The newest segment that has media, with the date of its first sample. */
function lastSegment(playlist: string): { uri: string; dateSeconds: number } | null {
  let date = Number.NaN;
  let gap = false;
  let last: { uri: string; dateSeconds: number } | null = null;
  for (const line of playlist.split("\n")) {
    if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) date = Date.parse(line.slice(25)) / 1000;
    else if (line.startsWith("#EXT-X-GAP")) gap = true;
    else if (line !== "" && !line.startsWith("#")) {
      if (!gap) last = { uri: line.trim(), dateSeconds: date };
      gap = false;
    }
  }
  return last;
}

/** Reloads that are followed, each held until the next part is there. */
const RELOADS = 8;
async function measureRelease(media: string): Promise<{ release: number; partHoldBack: number }> {
  const delays: number[] = [];
  let edge = edgeOf(await text(media));
  const partHoldBack = edge.partHoldBack;
  for (let reload = 0; reload < RELOADS && edge.part !== null; reload++) {
    const next = new URL(media);
    next.searchParams.set("_HLS_msn", String(edge.msn));
    next.searchParams.set("_HLS_part", String(edge.part));
    edge = edgeOf(await text(next.href));
    delays.push(Date.now() / 1000 - edge.dateSeconds);
  }
  return { release: percentile(delays, 50), partHoldBack };
}

/** Where a playlist ends by its dates, and which part comes next (null where there are no parts). */
function edgeOf(playlist: string): {
  dateSeconds: number;
  msn: number;
  part: number | null;
  partHoldBack: number;
} {
  let msn = Number(playlist.match(/#EXT-X-MEDIA-SEQUENCE:(\d+)/)?.[1] ?? Number.NaN);
  let dateSeconds = Number.NaN;
  let sinceDate = 0;
  let parts = 0;
  for (const line of playlist.split("\n")) {
    if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) {
      dateSeconds = Date.parse(line.slice(25)) / 1000;
      sinceDate = 0;
      parts = 0;
    } else if (line.startsWith("#EXT-X-PART:")) {
      sinceDate += Number(line.match(/DURATION=([\d.]+)/)?.[1] ?? 0);
      parts += 1;
    } else if (line.startsWith("#EXTINF:")) {
      sinceDate = Number.parseFloat(line.slice(8));
    } else if (line !== "" && !line.startsWith("#")) {
      msn += 1;
      parts = 0;
    }
  }
  const hasParts = playlist.includes("#EXT-X-PART-INF");
  const holdBack = playlist.match(hasParts ? /PART-HOLD-BACK=([\d.]+)/ : /[:,]HOLD-BACK=([\d.]+)/)?.[1];
  return {
    dateSeconds: dateSeconds + sinceDate,
    msn,
    part: hasParts ? parts : null,
    partHoldBack: Number(holdBack ?? Number.NaN),
  };
}

/** Decodes AAC in fragmented MP4 to mono samples. */
function decode(file: Buffer): Promise<Float32Array> {
  const flags = ["-hide_banner", "-loglevel", "error", "-i", "pipe:0", "-f", "f32le", "-ac", "1", "pipe:1"];
  const decoder = spawn("ffmpeg", flags, { stdio: ["pipe", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  decoder.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  decoder.stdin.end(file);
  return new Promise((done, failed) => {
    decoder.once("error", failed);
    decoder.once("close", (status) => {
      const pcm = Uint8Array.from(Buffer.concat(chunks));
      if (status === 0) done(new Float32Array(pcm.buffer, 0, Math.floor(pcm.length / 4)));
      else failed(new Error(`ffmpeg could not decode a segment: ${status}`));
    });
  });
}

async function text(url: string): Promise<string> {
  return (await bytes(url)).toString();
}

async function bytes(url: string | URL): Promise<Buffer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}
