// Node.js 20 reads no TypeScript; Vite, which the front end has anyway, does.
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const web = fileURLToPath(new URL("../../web/", import.meta.url));
const vite = pathToFileURL(createRequire(web).resolve("vite")).href;
const { runnerImport } = await import(vite);

// `run.mjs webrtc …` measures WebRTC, `run.mjs loss …` listeners on bad networks; anything else, RTMP to HLS.
const [first, ...rest] = process.argv.slice(2);
const isNamed = first === "webrtc" || first === "loss";
const here = fileURLToPath(new URL(isNamed ? `${first}.ts` : "main.ts", import.meta.url));
const { module } = await runnerImport(here, { root: web, configFile: false, logLevel: "error" });
await module.main(isNamed ? rest : process.argv.slice(2));
