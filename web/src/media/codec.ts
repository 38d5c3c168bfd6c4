import type Hls from "hls.js";

/**
 * Leaves one codec to choose from. A change of codec restarts the decoder and is heard, so one is chosen for good: AAC,
 * which every rung set has, and Opus only where a browser has no AAC (hls.js has already dropped what the browser
 * cannot play). To be called when the manifest is parsed.
 */
export function keepOneCodec(hls: Hls): void {
  const isAac = hls.levels.map((level) => level.audioCodec?.startsWith("mp4a") ?? false);
  if (!isAac.includes(true)) return;
  for (let level = isAac.length - 1; level >= 0; level--) {
    if (!isAac[level]) hls.removeLevel(level);
  }
}
