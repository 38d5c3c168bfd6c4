import { readFile } from "node:fs/promises";
import openapi, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, test } from "vitest";

const ROOT = new URL("../../../", import.meta.url);

test("the client's types are those of the document", async () => {
  const made = COMMENT_HEADER + astToString(await openapi(new URL("docs/openapi.json", ROOT)));
  const kept = await readFile(new URL("clients/typescript/schema.d.ts", ROOT), "utf8");
  expect(kept === made, "clients/typescript/schema.d.ts is behind docs/openapi.json: npm run client").toBe(
    true,
  );
});
