import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";

import { axeFindings } from "./ear.ts";

/** Where pictures of the pages are put. */
const FOLDER = fileURLToPath(new URL("screenshots/", import.meta.url));

/** A phone and a desk. */
const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } } as const;

/** Pictures are for people: nobody waits for them who did not ask. */
const IS_ASKED = process.env.SCREENSHOTS !== undefined;

/** The narrowest phone that is still carried. */
const NARROW = { width: 320, height: 640 };

/**
 * What is wrong with a page, one line a finding: by axe in both colour schemes, and on a narrow phone; with `SCREENSHOTS` set, pictures of it
 * on a phone and on a desk are put into `e2e/screenshots`.
 */
export async function look(page: Page, name: string): Promise<string[]> {
  const findings = new Set<string>();
  const before = page.viewportSize();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const finding of await axeFindings(page)) findings.add(`${name}, ${colorScheme}: ${finding}`);
    if (!IS_ASKED) continue;
    await mkdir(FOLDER, { recursive: true });
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: `${FOLDER}${name}-${size}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await page.setViewportSize(NARROW);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  if (width > NARROW.width) findings.add(`${name}: ${width} pixels wide on a phone of ${NARROW.width}`);
  if (before !== null) await page.setViewportSize(before);
  return [...findings];
}
