// Draws the icons that systems want as pictures from `public/icon.svg`, with a browser: `npm run icons` after a change
// of it. What it draws is kept in the repository.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const PUBLIC = fileURLToPath(new URL("../public/", import.meta.url));

const svg = await readFile(`${PUBLIC}icon.svg`, "utf8");

/** To its edges: the system cuts its own shape. What is drawn stays within the middle four fifths. */
const full = svg.replace(' rx="8"', "");

/** White and nothing else, for a line of small signs. */
const sign = svg.replace(/<rect[^>]*\/>/, "");

const ICONS = [
  ["icon-192.png", svg, 192],
  ["icon-512.png", svg, 512],
  ["maskable-512.png", full, 512],
  ["apple-touch-icon.png", full, 180],
  ["badge-96.png", sign, 96],
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage();
for (const [name, drawing, size] of ICONS) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>${drawing}`);
  await page.screenshot({ path: PUBLIC + name, omitBackground: true });
}
await browser.close();
