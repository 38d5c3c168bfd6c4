// Keeps docs/LLHLS.md in step with the tests: a test that holds a rule begins with the rule's id, and stands in
// the rule's row. Tests of another name that hold a rule as well are written into the row by hand, and stay.
//
//   node scripts/rules.mjs           says what is not in step
//   node scripts/rules.mjs --write   brings it into step

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv, exit } from "node:process";

const page = "docs/LLHLS.md";
const folders = ["packager", "origin", "transcode", "src", "tests"];

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "target") yield* sources(path);
    else if (entry.name.endsWith(".rs")) yield path;
  }
}

/** Test names by the id that they begin with. */
const tests = new Map();
for (const path of folders.flatMap((folder) => [...sources(folder)])) {
  for (const [, name, id] of readFileSync(path, "utf8").matchAll(/\bfn (([a-z]\d\d)_\w+)\(/g)) {
    tests.set(id, [...(tests.get(id) ?? []), name]);
  }
}

const known = new Set();
const text = readFileSync(page, "utf8");
const inStep = text.replace(/^(\| ([A-Z]\d\d) \|.*\|)([^|]*)\|$/gm, (_row, rule, id, heldBy) => {
  const key = id.toLowerCase();
  known.add(key);
  const byHand = [...heldBy.matchAll(/`(\w+)`/g)].map(([, name]) => name).filter((name) => !name.startsWith(`${key}_`));
  const names = [...(tests.get(key) ?? []).sort(), ...byHand];
  return `${rule} ${names.map((name) => `\`${name}\``).join(", ")} |`;
});

const strangers = [...tests.keys()].filter((id) => !known.has(id));
if (strangers.length > 0) console.error(`${page} has no rule ${strangers.join(", ")}, though tests hold it`);
if (argv.includes("--write")) {
  writeFileSync(page, inStep);
} else if (inStep !== text) {
  console.error(`${page} is not in step with the tests: node scripts/rules.mjs --write`);
}
exit(strangers.length === 0 && (argv.includes("--write") || inStep === text) ? 0 : 1);
