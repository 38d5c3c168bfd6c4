// Checks the documents: every relative link in a *.md file leads to a file that exists, every anchor to a
// heading that exists, and every test that is called by its name is there. Links to the web are left alone,
// since the checks need no network.
//
//   node scripts/documents.mjs [FOLDER]

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { argv, exit } from "node:process";

const root = resolve(argv[2] ?? ".");
const notOurs = new Set([".git", "node_modules", "target", "dist", "data", "corpus", "artifacts"]);

function* files(folder, ending) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !notOurs.has(entry.name)) yield* files(path, ending);
    else if (entry.isFile() && entry.name.endsWith(ending)) yield path;
  }
}

/** The names of all Rust functions: tests are told from others by being sentences. */
function rustFunctions() {
  const found = new Set();
  for (const path of files(root, ".rs")) {
    for (const [, name] of readFileSync(path, "utf8").matchAll(/\bfn (\w+)/g)) found.add(name);
  }
  return found;
}

/** Metrics are four words as well; a test of their own holds their page. */
const metric = (name) => name.startsWith("onair_") || name.startsWith("process_");

/** Names in backticks that read like a test's: four words or more, joined by underscores. */
function* testNames(path) {
  const text = readFileSync(path, "utf8");
  for (const match of text.matchAll(/`([a-z][a-z0-9]*(?:_[a-z0-9]+){3,})`/g)) {
    yield { name: match[1], line: text.slice(0, match.index).split("\n").length };
  }
}

/** The text without code: what stands in a fence or between backticks is no link. */
function prose(text) {
  return text
    .replace(/^(```|~~~)[^\n]*\n[\s\S]*?^\1[^\n]*$/gm, (code) => code.replace(/[^\n]/g, ""))
    .replace(/`[^`\n]*`/g, (code) => " ".repeat(code.length));
}

/** The anchors of a document, as GitHub makes them from its headings; `<a id>` counts as well. */
function anchors(path) {
  const text = readFileSync(path, "utf8");
  const withoutFences = text.replace(/^(```|~~~)[^\n]*\n[\s\S]*?^\1[^\n]*$/gm, "");
  const seen = new Map();
  const found = new Set();
  for (const [, heading] of withoutFences.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    found.add(times === 0 ? slug : `${slug}-${times}`);
  }
  for (const [, id] of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) found.add(id);
  return found;
}

/** Every link of a document with the line it stands on: inline, reference and image links. */
function* links(path) {
  const text = prose(readFileSync(path, "utf8"));
  const forms = [/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g, /^\[[^\]]+\]:\s*<?(\S+?)>?\s*$/gm];
  for (const form of forms) {
    for (const match of text.matchAll(form)) {
      yield { target: match[1], line: text.slice(0, match.index).split("\n").length };
    }
  }
}

function whyBroken(from, target) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return null;
  const [file, anchor] = target.split("#");
  const path = file === "" ? from : resolve(dirname(from), decodeURIComponent(file));
  if (!existsSync(path)) return "there is no such file";
  if (relative(root, path).startsWith("..")) return "it leads out of the tree";
  if (anchor === undefined || anchor === "" || statSync(path).isDirectory() || !path.endsWith(".md")) return null;
  return anchors(path).has(decodeURIComponent(anchor)) ? null : "there is no such heading";
}

const functions = rustFunctions();
let checked = 0;
let broken = 0;

function judge(path, line, what, why) {
  checked += 1;
  if (why === null) return;
  broken += 1;
  console.error(`${relative(root, path)}:${line}: ${what}: ${why}`);
}

for (const path of files(root, ".md")) {
  for (const { target, line } of links(path)) judge(path, line, target, whyBroken(path, target));
  for (const { name, line } of testNames(path)) {
    judge(path, line, name, functions.has(name) || metric(name) ? null : "there is no such test");
  }
}
console.log(`${checked} links and tests checked, ${broken} broken`);
exit(broken === 0 ? 0 : 1);
