/** A JSON schema as the station's document has it; a `$ref` stands for a schema among the components. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}

interface Answer extends Content {
  readonly $ref?: string;
  readonly description?: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: JsonSchema;
}

interface RawOperation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Answer>>;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}

/** An OpenAPI document, as far as the page about it reads it. */
export interface Document {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components?: {
    readonly schemas?: Readonly<Record<string, JsonSchema>>;
    readonly responses?: Readonly<Record<string, Answer>>;
  };
}

/** One thing that can be asked of the station. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly description: string | null;
  readonly parameters: readonly Parameter[];
  readonly body: JsonSchema | null;
  readonly answers: readonly {
    readonly status: string;
    readonly meaning: string;
    readonly body: JsonSchema | null;
  }[];
  /** By which schemes a caller may be known; empty where nobody need be. */
  readonly credentials: readonly string[];
}

/** A field of an object, with those inside it. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string | null;
  readonly fields: readonly Field[];
}

/** How deep objects in objects are told; a schema may contain itself. */
const DEPTH = 4;

/** The document of the station that the page came from. */
export async function loadDocument(signal: AbortSignal): Promise<Document> {
  const answer = await fetch("/api/openapi.json", { signal });
  if (!answer.ok) throw new Error(`the document was answered with ${answer.status}`);
  return (await answer.json()) as Document;
}

/** Operations by their tag, both in the document's order. */
export function byTag(document: Document): [string, Operation[]][] {
  const tags = new Map<string, Operation[]>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, raw] of Object.entries(methods)) {
      const [tag = ""] = raw.tags ?? [];
      const operations = tags.get(tag) ?? [];
      operations.push(operation(document, path, method, raw));
      tags.set(tag, operations);
    }
  }
  return [...tags];
}

function operation(document: Document, path: string, method: string, raw: RawOperation): Operation {
  const answers = Object.entries(raw.responses).map(([status, answer]) => {
    const found =
      answer.$ref === undefined ? answer : (document.components?.responses?.[last(answer.$ref)] ?? answer);
    return { status, meaning: found.description ?? "", body: schemaOf(found) };
  });
  return {
    id: raw.operationId,
    method: method.toUpperCase(),
    path,
    summary: raw.summary ?? "",
    description: raw.description ?? null,
    parameters: raw.parameters ?? [],
    body: raw.requestBody === undefined ? null : schemaOf(raw.requestBody),
    answers,
    credentials: [...new Set((raw.security ?? []).flatMap((scheme) => Object.keys(scheme)))],
  };
}

function schemaOf(content: Content): JsonSchema | null {
  return Object.values(content.content ?? {})[0]?.schema ?? null;
}

/** The fields of an object, or of the objects in a list; none of anything else. */
export function fieldsOf(document: Document, schema: JsonSchema, depth = DEPTH): Field[] {
  const found = resolve(document, schema);
  if (depth === 0) return [];
  if (found.items !== undefined) return fieldsOf(document, found.items, depth);
  const parts = [...(found.allOf ?? []), ...(found.oneOf ?? []), ...(found.anyOf ?? [])];
  const own = Object.entries(found.properties ?? {}).map(([name, field]) => ({
    name,
    type: typeOf(document, field),
    required: found.required?.includes(name) ?? false,
    description: field.description ?? resolve(document, field).description ?? null,
    fields: fieldsOf(document, field, depth - 1),
  }));
  return [...own, ...parts.flatMap((part) => fieldsOf(document, part, depth))];
}

/** What a value is, in a few words: `list of string, 1 to 10 items, or null`. */
export function typeOf(document: Document, schema: JsonSchema): string {
  const found = resolve(document, schema);
  const choices = found.oneOf ?? found.anyOf;
  if (choices !== undefined) return choices.map((choice) => typeOf(document, choice)).join(" or ");
  if (found.enum !== undefined) return found.enum.map((value) => JSON.stringify(value)).join(", ");
  const types = typeof found.type === "string" ? [found.type] : (found.type ?? ["object"]);
  const words = types.map((type) => {
    if (type === "array" && found.items !== undefined) return `list of ${typeOf(document, found.items)}`;
    return type === "string" && found.format !== undefined ? found.format : type;
  });
  return [words.join(" or "), ...bounds(found)].join(", ");
}

function bounds(schema: JsonSchema): string[] {
  const range = (least: number | undefined, most: number | undefined, of: string): string[] => {
    if (least !== undefined && most !== undefined) return [`${least} to ${most}${of}`];
    if (most !== undefined) return [`at most ${most}${of}`];
    return least === undefined || least === 0 ? [] : [`at least ${least}${of}`];
  };
  return [
    ...range(schema.minimum, schema.maximum, ""),
    ...range(schema.minLength, schema.maxLength, " characters"),
    ...range(schema.minItems, schema.maxItems, " items"),
  ];
}

function resolve(document: Document, schema: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema;
  return document.components?.schemas?.[last(schema.$ref)] ?? schema;
}

const last = (reference: string) => reference.slice(reference.lastIndexOf("/") + 1);
