import Hls, { type HlsConfig } from "hls.js";

/** Longer than a microsecond, to which browsers cut the end of what is buffered; shorter than any frame. */
const MICROSECONDS = 0.0001;

/** The two methods in which hls.js looks for what comes after a position (seconds of media time). */
interface NextMedia {
  getNextFragment(position: number, details: unknown): unknown;
  loadFragment(fragment: unknown, level: unknown, position: number): void;
}

/**
 * hls.js's stream controller, which does not take the end of a segment for a place within it.
 *
 * Chromium tells 57.6 s of buffered sound as 57.599999. At the live edge hls.js looks that up without any
 * tolerance, finds the segment that it has just loaded, and waits for the rest of it, for ever.
 */
export function streamController(): HlsConfig["streamController"] {
  const Plain = Hls.DefaultConfig.streamController as unknown as new (...parts: unknown[]) => NextMedia;

  class TolerantController extends Plain {
    override getNextFragment(position: number, details: unknown): unknown {
      return super.getNextFragment(position + MICROSECONDS, details);
    }

    override loadFragment(fragment: unknown, level: unknown, position: number): void {
      super.loadFragment(fragment, level, position + MICROSECONDS);
    }
  }

  return TolerantController as unknown as HlsConfig["streamController"];
}
