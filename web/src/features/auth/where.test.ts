import { expect, test } from "vitest";

import { placeAfter } from "./where.ts";

test("whoever signs in goes back to where they were, and to no other station", () => {
  const after = (place: string) => placeAfter(`?to=${encodeURIComponent(place)}`);
  expect(after("/b/studio?x=1#y")).toBe("/b/studio?x=1#y");
  for (const place of ["//evil.example", "/\\evil.example", "https://evil.example", "evil", ""]) {
    expect(after(place)).toBe("/");
  }
  expect(placeAfter("")).toBe("/");
});
