import { useEffect, useState, useSyncExternalStore } from "react";

import {
  type Chapter,
  isSigned,
  loadChapters,
  loadPeaks,
  loadRecording,
  type Recording,
} from "../../api/recordings.ts";
import { keptQuality, savesData } from "../../hooks/kept-quality.ts";
import { Ladder } from "../../media/ladder.ts";
import { type LoadTapes, lazyTape } from "../../media/lazy-tape.ts";
import { Pass } from "../../media/pass.ts";
import { Replayer, type ReplayState } from "../../media/replayer.ts";
import { barsOf } from "../../media/waveform.ts";

/** hls.js is larger than everything else together: it comes beside the page, not before it. */
const loadTapes: LoadTapes = () => import("../../media/hls-tape.ts");

/** Bars of the drawing: two pixels and more for each, on a phone. */
const BARS = 150;

/** The replayer of the page of a recording, and its state; closed with the page. */
export function useReplayer(): [Replayer, ReplayState] {
  const [player] = useState(
    () =>
      new Replayer({
        open: lazyTape(loadTapes, new Ladder(keptQuality, savesData())),
        serverNow: () => null,
        random: Math.random,
      }),
  );
  const state = useSyncExternalStore(player.subscribe, player.getState);
  useEffect(() => {
    // A failure here is met again, and handled, when it is played.
    loadTapes().catch(() => {});
    return () => player.close();
  }, [player]);
  return [player, state];
}

/** Keeps the cookie fresh that opens a recording that is not everybody's. */
export function usePass(id: string): void {
  useEffect(() => {
    const pass = new Pass(async (signal) => {
      const recording = await loadRecording(id, signal);
      // When it expires is not told; that it does is enough to ask again.
      return { expiresAt: recording !== null && isSigned(recording) ? "" : null };
    });
    pass.start();
    return () => pass.stop();
  }, [id]);
}

/** What is told of a recording beside itself; nothing of either until it is there, and where it cannot be had. */
export function useDetails(recording: Recording): {
  readonly chapters: readonly Chapter[];
  readonly bars: readonly number[];
} {
  const [chapters, setChapters] = useState<readonly Chapter[]>([]);
  const [bars, setBars] = useState<readonly number[]>([]);
  const { chaptersUrl, peaksUrl } = recording;
  useEffect(() => {
    const { signal, abort } = abortable();
    // The page is whole without them.
    loadChapters(chaptersUrl, signal).then(setChapters, () => {});
    loadPeaks(peaksUrl, signal).then(
      (peaks) => setBars(peaks === null ? [] : barsOf(peaks, BARS)),
      () => {},
    );
    return abort;
  }, [chaptersUrl, peaksUrl]);
  return { chapters, bars };
}

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
