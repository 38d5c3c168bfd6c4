import { copyFileSync, cpSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

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

export default defineConfig({
  plugins: [react(), asTheyStand],
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
