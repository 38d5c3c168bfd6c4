import { en } from "./strings/en.ts";

/** The languages that the pages speak, each by its own name. */
export const LANGUAGES = { en: "English", ar: "العربية" } as const;

export type Language = keyof typeof LANGUAGES;

/** The shape of English, with any words in it. */
type Words<T> = T extends string
  ? string
  : T extends (...args: infer Args) => string
    ? (...args: Args) => string
    : { readonly [Key in keyof T]: Words<T[Key]> };

/** Every word on the pages. */
export type Strings = Words<typeof en>;

/** Where the choice is kept. */
const KEPT = "onair.language";

/** Written from right to left. */
const RIGHT_TO_LEFT: readonly Language[] = ["ar"];

/**
 * The words of the language that is spoken now. They are read when something is drawn and never kept: whoever
 * changes the language draws everything anew.
 */
export let strings: Strings = en;

let spoken: Language = "en";

/** The language that is spoken now. */
export const language = (): Language => spoken;

/** The language that was chosen by hand, else the first of the browser's that there is. */
export function preferred(): Language {
  const chosen = read();
  const wanted = chosen === null ? navigator.languages : [chosen];
  const known = Object.keys(LANGUAGES) as Language[];
  for (const tag of wanted) {
    const found = known.find((language) => tag.toLowerCase().split("-")[0] === language);
    if (found !== undefined) return found;
  }
  return "en";
}

/** Speaks a language from now on; what stands on the page already has to be drawn anew. */
export async function speak(wanted: Language): Promise<void> {
  strings = wanted === "ar" ? (await import("./strings/ar.ts")).ar : en;
  spoken = wanted;
  document.documentElement.lang = wanted;
  document.documentElement.dir = RIGHT_TO_LEFT.includes(wanted) ? "rtl" : "ltr";
}

/** Remembers a choice. */
export function keep(chosen: Language): void {
  try {
    localStorage.setItem(KEPT, chosen);
  } catch {
    // A browser that keeps nothing asks its own languages again next time.
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}
