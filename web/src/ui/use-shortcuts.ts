import { useEffect, useRef } from "react";

/** How far an arrow key goes, in seconds. */
const STEP_SECONDS = 10;

/** What keys do on a page, wherever the focus is. */
export interface Shortcuts {
  /** Left and right: so many seconds forward, or back where they are negative. */
  readonly step: (seconds: number) => void;
  /** The space bar; the page scrolls where it is left out. */
  readonly toggle?: () => void;
}

/** Listens to the keys while the page is there and there is something for them to do. */
export function useShortcuts(shortcuts: Shortcuts | null): void {
  const newest = useRef(shortcuts);
  newest.current = shortcuts;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const does = newest.current && actionOf(event, newest.current);
      if (!does) return;
      event.preventDefault();
      does();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

function actionOf(event: KeyboardEvent, { step, toggle }: Shortcuts): (() => void) | null {
  const { target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return null;
  const isSeekBar = target instanceof HTMLElement && "seek" in target.dataset;
  // What has keys of its own keeps them; a seek bar's would go by a hundredth of it.
  const isField = target instanceof HTMLElement && target.matches("input, select, textarea") && !isSeekBar;
  if (isField) return null;
  if (event.key === "ArrowLeft") return () => step(-STEP_SECONDS);
  if (event.key === "ArrowRight") return () => step(STEP_SECONDS);
  const hasPress = target instanceof HTMLElement && target.matches("button, a, summary");
  return event.key === " " && !hasPress && toggle !== undefined ? toggle : null;
}
