import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Preloads } from "./preloads.ts";

const PART = new Uint8Array([1, 2, 3]).buffer;
const asked: { url: string; signal: AbortSignal; answer: (response: Response) => void }[] = [];

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal(
    "fetch",
    (url: string, { signal }: { signal: AbortSignal }) =>
      new Promise<Response>((answer, refuse) => {
        asked.push({ url, signal, answer });
        signal.addEventListener("abort", () => refuse(signal.reason));
      }),
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("a hinted part is under way before anybody asks for it", async () => {
  const preloads = new Preloads();
  preloads.request("/part7.m4s");
  expect(asked.map(({ url }) => url)).toEqual(["/part7.m4s"]);
  asked[0]?.answer(new Response(PART));
  expect((await preloads.take("/part7.m4s"))?.data.byteLength).toBe(3);
});

test("a hint repeated in the next playlist asks once", () => {
  const preloads = new Preloads();
  preloads.request("/part7.m4s");
  preloads.request("/part7.m4s");
  expect(asked).toHaveLength(1);
});

test("a part is handed over once", () => {
  const preloads = new Preloads();
  preloads.request("/part7.m4s");
  expect(preloads.take("/part7.m4s")).toBeDefined();
  expect(preloads.take("/part7.m4s")).toBeUndefined();
});

test("a hint that came to nothing is null, so that the part is asked for again", async () => {
  const preloads = new Preloads();
  preloads.request("/part7.m4s");
  asked[0]?.answer(new Response(null, { status: 404 }));
  expect(await preloads.take("/part7.m4s")).toBeNull();
});

test("hints nobody came for are given up", () => {
  const preloads = new Preloads();
  for (const part of [1, 2, 3, 4]) preloads.request(`/part${part}.m4s`);
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false, false, false]);
  preloads.clear();
  expect(asked.every(({ signal }) => signal.aborted)).toBe(true);
});
