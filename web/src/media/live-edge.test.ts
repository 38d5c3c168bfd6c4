import { expect, test } from "vitest";
import { LiveEdge } from "./live-edge.ts";

test("the edge moves on with the clock between two playlists", () => {
  const edge = new LiveEdge();
  edge.observe(100, 0, 5000);
  expect(edge.at(5000)).toBe(100);
  expect(edge.at(5500)).toBe(100.5);
});

test("a playlist that arrives late does not move the edge back", () => {
  const edge = new LiveEdge();
  edge.observe(100, 0, 5000);
  edge.observe(100.64, 0, 5640 + 300);
  expect(edge.at(6000)).toBeCloseTo(101, 6);
});

test("only the second playlist makes sure", () => {
  const edge = new LiveEdge();
  edge.observe(100, 0, 5000);
  expect(edge.isSure).toBe(false);
  edge.observe(100.64, 1, 5640);
  expect(edge.isSure).toBe(true);
  edge.reset();
  expect(edge.isSure).toBe(false);
});

test("a new timeline forgets the old one at once", () => {
  const edge = new LiveEdge();
  edge.observe(100, 0, 5000);
  edge.observe(100.64, 1, 10_000); // 4.36 s less than the old one promised
  expect(edge.at(10_000)).toBeCloseTo(100.64, 6);
});

test("an earlier arrival corrects the first guess", () => {
  const edge = new LiveEdge();
  edge.observe(100, 0, 5600); // joined in the middle of a part
  edge.observe(100.64, 0, 5700); // held until the part was there
  expect(edge.at(5700)).toBeCloseTo(100.64, 6);
});

test("what was seen long ago is forgotten, the newest never", () => {
  const edge = new LiveEdge();
  edge.observe(100, 0, 0);
  edge.observe(110, 0, 12_000); // 2 s later than the first promised
  expect(edge.at(12_000)).toBe(112);
  expect(edge.at(16_000)).toBe(114);
  expect(edge.at(60_000)).toBe(158);
});

test("nothing seen, nothing said", () => {
  const edge = new LiveEdge();
  expect(edge.at(1000)).toBeNull();
  edge.observe(1, 0, 1000);
  edge.reset();
  expect(edge.at(1000)).toBeNull();
});
