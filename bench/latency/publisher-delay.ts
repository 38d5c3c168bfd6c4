import { PERIOD_SECONDS, RATE } from "./clock-tone.ts";
import { percentile } from "./figures.ts";
import { Microphone } from "./microphone.ts";

/** Samples of one AAC frame, and of the delay of ffmpeg's encoder. */
const FRAME = 1024;

const FLV_HEADER = 9 + 4;
const TAG_HEADER = 11;
const TAG_TRAILER = 4;
const AUDIO = 8;

/** Frames that are looked at: the first are made before everything runs evenly. */
const SKIPPED = 50;
const TAKEN = 200;

/**
 * From the instant of a sample to the encoder handing over the frame that holds it, in seconds: the publisher's
 * share, measured with the same encoder writing to a pipe. Frame n of an encoder with one frame of delay holds
 * the samples [(n - 1) · 1024, n · 1024).
 */
export async function measurePublisher(): Promise<number> {
  const microphone = new Microphone("pipe:1");
  const delays: number[] = [];
  let frame = 0;
  let rest = Buffer.alloc(0);
  let skip = FLV_HEADER;
  try {
    const deadline = performance.now() + PERIOD_SECONDS * 1000;
    for await (const chunk of microphone.output) {
      const nowMs = Date.now();
      rest = Buffer.concat([rest, chunk as Buffer]);
      if (skip > 0 && rest.length >= skip) {
        rest = rest.subarray(skip);
        skip = 0;
      }
      while (skip === 0 && rest.length >= TAG_HEADER) {
        const size = rest.readUIntBE(1, 3);
        const whole = TAG_HEADER + size + TAG_TRAILER;
        if (rest.length < whole) break;
        // The second byte of an AAC tag tells a frame (1) from the sequence header (0).
        const isFrame = rest[0] === AUDIO && rest[TAG_HEADER + 1] === 1;
        if (isFrame) {
          const madeMs = microphone.startMs + (((frame - 1) * FRAME) / RATE) * 1000;
          if (frame >= SKIPPED) delays.push((nowMs - madeMs) / 1000);
          frame += 1;
        }
        rest = rest.subarray(whole);
      }
      if (delays.length >= TAKEN || performance.now() > deadline) break;
    }
  } finally {
    await microphone.close();
  }
  return percentile(delays, 50);
}
