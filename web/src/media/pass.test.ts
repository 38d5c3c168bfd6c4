import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Pass, type PassAnswer } from "./pass.ts";

const SIGNED: PassAnswer = { expiresAt: "2026-11-21T18:01:00.000Z" };
const EVERYBODYS: PassAnswer = { expiresAt: null };

let answer: () => Promise<PassAnswer>;
let asked: number;
let pass: Pass;

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  pass = new Pass(() => {
    asked += 1;
    return answer();
  });
});

afterEach(() => {
  pass.stop();
  vi.useRealTimers();
});

test("a pass is asked for again well before it runs out", async () => {
  answer = async () => SIGNED;
  pass.start();
  pass.start();
  await pass.ready();
  expect(asked).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(3);
  pass.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(3);
});

test("what is everybody's needs no other, and is asked about again when it is opened again", async () => {
  answer = async () => EVERYBODYS;
  pass.start();
  await pass.ready();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(1);
  answer = async () => SIGNED;
  await pass.ready();
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(25_000);
  expect(asked).toBe(3);
});

test("an answer that does not come holds nobody up for good, and is asked for again", async () => {
  answer = () => Promise.reject(new Error("offline"));
  pass.start();
  await pass.ready();
  answer = async () => SIGNED;
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toBe(2);
  await vi.advanceTimersByTimeAsync(25_000);
  expect(asked).toBe(3);
});

test("an answer that comes after the end starts nothing", async () => {
  let give = (_: PassAnswer): void => {};
  answer = () =>
    new Promise((resolve) => {
      give = resolve;
    });
  pass.start();
  const ready = pass.ready();
  pass.stop();
  give(SIGNED);
  await ready;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(1);
});
