/** Reads a place in a recording as people write it, `1:05` or `1:02:05`, in seconds; null where it is none. */
export function parseClock(text: string): number | null {
  const parts = latin(text.trim()).split(":");
  if (parts.length > 3 || !parts.every((part) => /^\d{1,5}(\.\d{1,3})?$/.test(part))) return null;
  const numbers = parts.map(Number);
  // Only the first may be longer than a clock has it: 90 is a minute and a half.
  if (numbers.slice(1).some((part) => part >= 60)) return null;
  return numbers.reduce((sum, part) => sum * 60 + part, 0);
}

/** Digits of Arabic script as others. */
function latin(text: string): string {
  return text.replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660));
}
