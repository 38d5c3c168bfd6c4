// Node.js 20 reads no TypeScript; Vite, which the front end has anyway, does.
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

const web = fileURLToPath(new URL("../../web/", import.meta.url));
const vite = pathToFileURL(createRequire(web).resolve("vite")).href;
const { runnerImport } = await import(vite);

// `run.mjs webrtc …` measures WebRTC; anything else, RTMP to HLS.
const [first, ...rest] = process.argv.slice(2);
const isWebRtc = first === "webrtc";
const here = fileURLToPath(new URL(isWebRtc ? "webrtc.ts" : "main.ts", import.meta.url));
const { module } = await runnerImport(here, { root: web, configFile: false, logLevel: "error" });
await module.main(isWebRtc ? rest : process.argv.slice(2));
