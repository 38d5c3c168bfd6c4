import { expect, test } from "vitest";

import { embedOf } from "./embed.ts";

test("a title is text in the frame's name, whatever it is made of", () => {
  const frame = embedOf("https://radio.example", "a b", '"><script>&');
  expect(frame).toContain('src="https://radio.example/embed/a%20b"');
  expect(frame).toContain('title="&#34;&#62;&#60;script&#62;&#38;"');
});
