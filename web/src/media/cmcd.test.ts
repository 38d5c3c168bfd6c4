import { expect, test } from "vitest";

import { Cmcd, type Heard, sessionOf } from "./cmcd.ts";

function heard(ranges: [number, number][], currentTime: number): EventTarget & Heard {
  return Object.assign(new EventTarget(), {
    buffered: {
      length: ranges.length,
      start: (at: number) => ranges[at]?.[0] ?? 0,
      end: (at: number) => ranges[at]?.[1] ?? 0,
    },
    currentTime,
    seeking: false,
  });
}

const told = (url: string) => new URL(url, "http://station").searchParams.get("CMCD");

test("sound is asked for with the session and what is left of it", () => {
  const cmcd = new Cmcd(
    heard(
      [
        [0, 1],
        [5, 8.94],
      ],
      7,
    ),
    "abc",
  );
  expect(told(cmcd.address("main/8.1.m4s", "a"))).toBe('bl=1900,ot=a,sf=h,sid="abc",st=l');
  const reload = cmcd.address("main.m3u8?_HLS_msn=8&_HLS_part=1", "m");
  expect(reload.startsWith("main.m3u8?_HLS_msn=8&_HLS_part=1&CMCD=")).toBe(true);
  expect(told(reload)).toBe('ot=m,sf=h,sid="abc",st=l');
});

test("that the sound ran out is told once, with the next sound", () => {
  const audio = heard([], 0);
  const cmcd = new Cmcd(audio, "abc");
  audio.dispatchEvent(new Event("waiting"));
  expect(told(cmcd.address("x.m4s", "a"))).not.toContain("bs");
  audio.dispatchEvent(new Event("playing"));
  audio.dispatchEvent(new Event("waiting"));
  expect(told(cmcd.address("x.m3u8", "m"))).not.toContain("bs");
  expect(told(cmcd.address("x.m4s", "a"))).toBe('bl=0,bs,ot=a,sf=h,sid="abc",st=l');
  expect(told(cmcd.address("y.m4s", "a"))).not.toContain("bs");
});

test("looking for the sound elsewhere is not running out of it, and nothing is told after the end", () => {
  const audio = heard([], 0);
  const cmcd = new Cmcd(audio, "abc");
  audio.dispatchEvent(new Event("playing"));
  Object.assign(audio, { seeking: true });
  audio.dispatchEvent(new Event("waiting"));
  Object.assign(audio, { seeking: false });
  cmcd.close();
  audio.dispatchEvent(new Event("waiting"));
  expect(told(cmcd.address("x.m4s", "a"))).not.toContain("bs");
});

test("one element is one session, and another is another", () => {
  const [one, other] = [{}, {}];
  expect(sessionOf(one)).toMatch(/^[0-9a-f]{32}$/);
  expect(sessionOf(one)).toBe(sessionOf(one));
  expect(sessionOf(other)).not.toBe(sessionOf(one));
});
