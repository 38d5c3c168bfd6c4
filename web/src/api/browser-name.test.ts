import { expect, test } from "vitest";

import { browserName } from "./browser-name.ts";

test("a browser is called by what it is", () => {
  const chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/150.0 Safari/537.36";
  const names = [
    chrome,
    `${chrome} Edg/150.0`,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605 Version/20.0 Safari/604.1",
    "Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0",
    "curl/8",
  ].map(browserName);
  expect(names).toEqual(["Chrome, Windows", "Edge, Windows", "Safari, iPhone", "Firefox, Android", ""]);
});
