import type { Kept } from "../media/ladder.ts";

/** Where the choice of quality is kept. */
const KEPT = "onair.quality";

/** The choice of quality as this device keeps it. */
export const keptQuality: Kept = {
  read: () => {
    try {
      return localStorage.getItem(KEPT);
    } catch {
      return null;
    }
  },
  write: (quality) => {
    try {
      localStorage.setItem(KEPT, quality);
    } catch {
      // A browser that keeps nothing chooses anew next time.
    }
  },
};

/** Whether whoever listens has told their browser to be sparing (the Network Information API, where there is one). */
export function savesData(): boolean {
  const connection = "connection" in navigator ? navigator.connection : null;
  return (
    typeof connection === "object" &&
    connection !== null &&
    "saveData" in connection &&
    connection.saveData === true
  );
}
