import { createHash } from "node:crypto";
import { copyFileSync, cpSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { build, type Plugin, type Rolldown } from "vite";
import { defineConfig } from "vitest/config";

import { OFFLINE, OFFLINE_PARTS } from "./src/worker/way.ts";

/** Where `vite dev` finds the server. */
const STATION = process.env.ONAIR_URL ?? "http://127.0.0.1:8080";

/** The demo pages, hls.js beside them, and what other pages load are served as they stand. */
const asTheyStand = {
  name: "as-they-stand",
  writeBundle() {
    cpSync("demo", "dist/demo", { recursive: true });
    cpSync("sdk", "dist/sdk", { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
    copyFileSync("node_modules/hls.js/dist/hls.light.min.js", "dist/demo/hls.light.min.js");
  },
};

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What a page loads before anything else, by its addresses. */
function firstFiles(bundle: Rolldown.OutputBundle): string[] {
  const first = new Set<string>();
  const add = (name: string): void => {
    const chunk = bundle[name];
    if (chunk?.type !== "chunk" || first.has(`/${name}`)) return;
    first.add(`/${name}`);
    for (const style of chunk.viteMetadata?.importedCss ?? []) first.add(`/${style}`);
    for (const next of chunk.imports) add(next);
  };
  for (const chunk of Object.values(bundle)) {
    if (chunk.type === "chunk" && chunk.isEntry) add(chunk.fileName);
  }
  return [...first].sort();
}

/**
 * The service worker, at the root so that it serves every page: one script by itself, with the names of what it fetches
 * ahead. Its version follows from these and from the page for when there is no connection.
 */
const serviceWorker: Plugin = {
  name: "service-worker",
  apply: "build",
  async generateBundle(_, bundle) {
    const offline = [OFFLINE, ...OFFLINE_PARTS];
    const files = [...firstFiles(bundle), ...offline];
    const hash = createHash("sha256").update(JSON.stringify(Object.keys(bundle).sort()));
    for (const path of offline) hash.update(readFileSync(here(`public${path}`)));
    const made = await build({
      configFile: false,
      logLevel: "silent",
      publicDir: false,
      define: { BUILD: JSON.stringify({ version: hash.digest("hex").slice(0, 16), files }) },
      build: {
        write: false,
        target: "es2022",
        rolldownOptions: { input: here("src/worker/sw.ts"), output: { format: "iife" } },
      },
    });
    if (Array.isArray(made) || !("output" in made)) throw new TypeError("one build makes one bundle");
    this.emitFile({ type: "asset", fileName: "sw.js", source: made.output[0].code });
  },
};

export default defineConfig({
  plugins: [react(), asTheyStand, serviceWorker],
  resolve: {
    // The light build leaves out subtitles, alternate tracks and DRM, none of which a voice needs.
    alias: { "hls.js": "hls.js/light" },
  },
  server: {
    // The tests read the API's document.
    fs: { allow: [".", "../docs"] },
    proxy: Object.fromEntries(
      // `/api/docs` is a page; the rest of `/api` is not.
      [
        "/api/(?!docs$)",
        "/live/",
        "/s/",
        "/health",
        "/whip/",
        "/whep/",
        "/stage/",
        "/ws/",
        "/covers/",
        "/podcasts/",
        "/oembed",
      ].map((path) => [`^${path}`, { target: STATION, ws: path === "/ws/" }]),
    ),
  },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // hls.js is one piece, loaded beside the page and not before it.
    chunkSizeWarningLimit: 450,
  },
  test: {
    expect: { requireAssertions: true },
    projects: [
      {
        extends: true,
        test: { name: "unit", environment: "node", include: ["src/**/*.test.ts", "sdk/**/*.test.ts"] },
      },
      {
        extends: true,
        test: {
          name: "component",
          environment: "jsdom",
          include: ["src/**/*.test.tsx"],
          setupFiles: ["src/test/setup.ts"],
          // As long as the slowest takes on a machine that does other things as well.
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          environment: "node",
          include: ["e2e/**/*.spec.ts"],
          testTimeout: 150_000,
          // A browser on a machine that does other things as well may miss a beat once; a fault it misses twice.
          retry: 1,
          hookTimeout: 60_000,
          // Each file starts a server, an encoder and a browser: one file at a time on a small machine.
          fileParallelism: false,
        },
      },
    ],
  },
});
