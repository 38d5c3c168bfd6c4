import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import { afterEach, expect, test, vi } from "vitest";

/** What the first load of a listener's page may weigh, in bytes as they are sent. */
const BUDGET = 150_000;

type Output = Rolldown.RolldownOutput["output"];

afterEach(() => {
  vi.unstubAllEnvs();
});

async function bundle(): Promise<Output> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  // React weighs more where it is to be tested.
  vi.stubEnv("NODE_ENV", "production");
  const made = await build({ root, logLevel: "silent", build: { write: false } });
  if (Array.isArray(made) || !("output" in made)) throw new TypeError("one build makes one bundle");
  return made.output;
}

const weigh = (content: string | Uint8Array) => gzipSync(content, { level: 9 }).length;

test("the page of a listener loads within its budget, and hls.js beside it", {
  timeout: 60_000,
}, async () => {
  const output = await bundle();
  const chunks = new Map(output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])));
  const entry = [...chunks.values()].find(({ isEntry }) => isEntry);
  const first = new Set<string>();
  const walk = (name: string): void => {
    if (first.has(name)) return;
    first.add(name);
    for (const next of chunks.get(name)?.imports ?? []) walk(next);
  };
  walk(entry?.fileName ?? "");

  // The listen page is in the entry; so is what it looks like, and the document that loads both.
  const isFirst = (file: Output[number]) =>
    first.has(file.fileName) || /^(index\.html|assets\/index-[^/]*\.css)$/.test(file.fileName);
  const loaded = output.filter(isFirst);
  const weights = loaded.map((file) => [
    file.fileName,
    weigh(file.type === "chunk" ? file.code : file.source),
  ]);
  const total = weights.reduce((sum, [, weight]) => sum + Number(weight), 0);
  expect(loaded.some(({ fileName }) => fileName.endsWith(".css"))).toBe(true);
  expect([...(entry?.moduleIds ?? [])].some((id) => id.endsWith("BroadcastPage.tsx"))).toBe(true);
  expect(total, JSON.stringify(weights)).toBeLessThanOrEqual(BUDGET);

  const modules = loaded.flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
  expect(modules.filter((id) => id.includes("/hls.js/"))).toEqual([]);
});
