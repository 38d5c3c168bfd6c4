import { expect, test } from "vitest";
import { byTag, type Document, fieldsOf, typeOf } from "./document.ts";

const document: Document = {
  info: { title: "Radio", version: "1" },
  paths: {
    "/shows/{id}": {
      get: {
        operationId: "getShow",
        summary: "One show",
        tags: ["shows"],
        responses: {
          "200": {
            description: "The show",
            content: { "application/json": { schema: { $ref: "#/components/schemas/Show" } } },
          },
          "404": { $ref: "#/components/responses/NotFound" },
        },
        security: [{}, { bearer: [] }],
      },
    },
    "/time": { get: { operationId: "getTime", tags: ["station"], responses: {} } },
  },
  components: {
    responses: { NotFound: { description: "No such show" } },
    schemas: {
      Show: {
        type: "object",
        required: ["title"],
        properties: {
          title: { type: "string", minLength: 1, maxLength: 120, description: "What it is called" },
          tags: { type: ["array", "null"], items: { type: "string" }, maxItems: 10 },
          next: { oneOf: [{ type: "null" }, { $ref: "#/components/schemas/Show" }] },
        },
      },
    },
  },
};

test("operations stand under their tags with what they answer", () => {
  const [[tag, operations]] = byTag(document) as [[string, ReturnType<typeof byTag>[0][1]]];
  expect(tag).toBe("shows");
  expect(operations[0]).toMatchObject({ id: "getShow", method: "GET", credentials: ["bearer"], body: null });
  expect(operations[0]?.answers.map(({ status, meaning }) => `${status} ${meaning}`)).toEqual([
    "200 The show",
    "404 No such show",
  ]);
  expect(byTag(document).map(([name]) => name)).toEqual(["shows", "station"]);
});

test("fields tell their bounds, and a schema within itself comes to an end", () => {
  const show = { $ref: "#/components/schemas/Show" };
  const fields = fieldsOf(document, show, 2);
  expect(fields.map(({ name, type, required }) => [name, type, required])).toEqual([
    ["title", "string, 1 to 120 characters", true],
    ["tags", "list of string or null, at most 10 items", false],
    ["next", "null or object", false],
  ]);
  expect(fields[0]?.description).toBe("What it is called");
  expect(fields[2]?.fields.map(({ name }) => name)).toEqual(["title", "tags", "next"]);
  expect(fields[2]?.fields[2]?.fields).toEqual([]);
});

test("a choice is told by its words", () => {
  expect(typeOf(document, { type: "string", enum: ["low", "ultra"] })).toBe('"low", "ultra"');
  expect(typeOf(document, { type: "string", format: "date-time" })).toBe("date-time");
  expect(typeOf(document, { type: "integer", minimum: 1 })).toBe("integer, at least 1");
});
