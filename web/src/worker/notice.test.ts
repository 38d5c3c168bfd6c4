import { expect, test } from "vitest";

import { noticeOf, show } from "./notice.ts";

const HERE = "https://radio.example";

const leads = (url: unknown) => noticeOf(JSON.stringify({ url }), HERE).options.data;

test("what the station pushes is shown in its words", () => {
  const pushed = {
    id: "n1",
    title: "Ada is on air",
    body: "Morning news",
    url: `${HERE}/listen/b1`,
    tag: "broadcast-b1",
  };
  expect(noticeOf(JSON.stringify(pushed), HERE)).toMatchObject({
    title: "Ada is on air",
    options: { body: "Morning news", tag: "broadcast-b1", data: `${HERE}/listen/b1` },
  });
  const { tag, ...single } = pushed;
  expect(noticeOf(JSON.stringify(single), HERE).options.tag).toBe("n1");
});

test("a push that cannot be read is a notice all the same", () => {
  for (const pushed of ["", "nonsense", "null", "[]", '{"title":5}']) {
    expect(noticeOf(pushed, HERE)).toMatchObject({ title: "OnAir", options: { data: `${HERE}/` } });
  }
});

test("a notice leads to this station and nowhere else", () => {
  expect(leads("/r/1?t=5#x")).toBe(`${HERE}/r/1?t=5#x`);
  expect(leads("https://other.example/listen/b1")).toBe(`${HERE}/listen/b1`);
  for (const url of ["javascript:alert(1)", "https://", 5]) expect(leads(url)).toBe(`${HERE}/`);
});

test("a window that shows the place is brought forward, and what others play goes on", async () => {
  const done: string[] = [];
  const window = (path: string) => ({
    url: HERE + path,
    focus: async () => {
      done.push(`focus ${path}`);
    },
  });
  const windows = {
    matchAll: async () => [window("/b/other"), window("/listen/b1#chat")],
    openWindow: async (url: string) => {
      done.push(`open ${url}`);
    },
  };
  await show(windows, `${HERE}/listen/b1`);
  await show(windows, `${HERE}/r/1`);
  expect(done).toEqual(["focus /listen/b1#chat", `open ${HERE}/r/1`]);
});
