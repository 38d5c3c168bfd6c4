import { POLL_OPTIONS } from "../../signal/protocol.ts";

/**
 * A poll as it is asked for, of what was written; null where it lacks a question, has fewer than two answers, or two
 * that are alike. Answers that were left empty are none.
 */
export function textsOf(
  question: string,
  options: readonly string[],
): { readonly question: string; readonly options: readonly string[] } | null {
  const asked = question.trim();
  const answers = options.map((option) => option.trim()).filter((option) => option !== "");
  const isWhole = asked !== "" && answers.length >= POLL_OPTIONS.least && answers.length <= POLL_OPTIONS.most;
  return isWhole && new Set(answers).size === answers.length ? { question: asked, options: answers } : null;
}
