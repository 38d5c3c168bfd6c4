import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SRC = fileURLToPath(new URL(".", import.meta.url));

/** What each folder may import of ours, itself always; `strings` and the styles are everybody's. */
const ARROWS: Record<string, readonly string[]> = {
  app: ["features", "hooks", "media", "signal", "api", "ui"],
  features: ["hooks", "media", "signal", "api", "ui"],
  hooks: ["media", "signal", "api"],
  media: [],
  signal: [],
  api: [],
  ui: [],
  worker: [],
};

/** `[file, what it imports of ours]`, both as paths from `src`. */
function imports(): [string, string][] {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
    .flatMap((file) => {
      const source = readFileSync(join(SRC, file), "utf8");
      const named = [...source.matchAll(/(?:from|import\(?) *"(\.[^"]+)"/g)].map(([, path]) => path ?? "");
      const target = (path: string) => relative(SRC, join(SRC, dirname(file), path));
      return named.map((path): [string, string] => [file, target(path)]);
    });
}

/** `features/listen` is a house of its own; elsewhere the folder is. */
const house = (path: string) => path.split(sep).slice(0, path.startsWith("features") ? 2 : 1);

test("the arrows between the folders point as the README says", () => {
  const wrong = imports().filter(([file, target]) => {
    const [from, to] = [house(file), house(target)];
    if (from.join() === to.join() || !target.includes(sep)) return false;
    return from[0] !== undefined && from[0] in ARROWS && !ARROWS[from[0]]?.includes(to[0] ?? "");
  });
  expect(wrong).toEqual([]);
  expect(imports().length).toBeGreaterThan(20);
});
