// Node.js 20 reads no TypeScript; Vite, which the front end has anyway, does.
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const web = fileURLToPath(new URL("../../web/", import.meta.url));
const vite = pathToFileURL(createRequire(web).resolve("vite")).href;
const { runnerImport } = await import(vite);

const here = fileURLToPath(new URL("main.ts", import.meta.url));
const { module } = await runnerImport(here, { root: web, configFile: false, logLevel: "error" });
await module.main(process.argv.slice(2));
