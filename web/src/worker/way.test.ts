import { expect, test } from "vitest";

import { wayOf } from "./way.ts";

const HERE = "https://radio.example";

const open = (path: string) => wayOf({ method: "GET", mode: "navigate", url: HERE + path }, HERE);
const load = (path: string, method = "GET") => wayOf({ method, mode: "cors", url: HERE + path }, HERE);

test("pages of the app are asked of the network first", () => {
  expect(["/", "/b/studio", "/r/1?t=5", "/api/docs", "/embed/studio", "/station/live"].map(open)).toEqual(
    Array(6).fill("page"),
  );
});

test("what a build has made is kept", () => {
  expect(["/assets/index-abc.js", "/offline.css", "/icon.svg"].map((path) => load(path))).toEqual(
    Array(3).fill("kept"),
  );
});

test("sound, the API, the room and everything that is no page are left alone", () => {
  const others = [
    "/live/studio/index.m3u8",
    "/hls/studio/index.m3u8",
    "/s/token/live/studio/index.m3u8",
    "/api/broadcasts",
    "/ws/broadcasts/studio",
    "/whep/studio",
    "/whip/studio",
    "/stage/studio",
    "/health/media",
    "/healthz",
    "/covers/1.webp",
    "/podcasts/ada.xml",
    "/oembed?url=x",
    "/demo/room.html",
    "/sdk/live-chat.js",
  ];
  expect(others.map(open)).toEqual(Array(others.length).fill("alone"));
  expect(others.map((path) => load(path))).toEqual(Array(others.length).fill("alone"));
});

test("nothing of others and nothing that changes something is touched", () => {
  expect(load("/assets/index-abc.js", "POST")).toBe("alone");
  const url = "https://cdn.example/assets/index-abc.js";
  expect(wayOf({ method: "GET", mode: "cors", url }, HERE)).toBe("alone");
});
