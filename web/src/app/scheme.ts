/** The colours of the pages: the system's choice, or one's own. */
export type Scheme = "system" | "light" | "dark";

const KEPT = "onair.scheme";

/** The choice that was made here. */
export function keptScheme(): Scheme {
  try {
    const kept = localStorage.getItem(KEPT);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}

/** Draws the pages in these colours from now on, and next time. */
export function paint(scheme: Scheme): void {
  if (scheme === "system") delete document.documentElement.dataset.scheme;
  else document.documentElement.dataset.scheme = scheme;
  try {
    if (scheme === "system") localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, scheme);
  } catch {
    // A browser that keeps nothing follows the system next time.
  }
}
