/** What a browser is called, by how it names itself: `Firefox, Linux`; empty where nothing of that is known. */
export function browserName(userAgent: string): string {
  const browser = firstOf(userAgent, [
    ["Edg", "Edge"],
    ["OPR", "Opera"],
    ["SamsungBrowser", "Samsung Internet"],
    ["Firefox", "Firefox"],
    ["Chrome", "Chrome"],
    ["Safari", "Safari"],
  ]);
  const system = firstOf(userAgent, [
    ["Android", "Android"],
    ["iPhone", "iPhone"],
    ["iPad", "iPad"],
    ["Windows", "Windows"],
    ["Mac OS", "macOS"],
    ["CrOS", "ChromeOS"],
    ["Linux", "Linux"],
  ]);
  return [browser, system].filter((name) => name !== null).join(", ");
}

function firstOf(text: string, names: readonly (readonly [string, string])[]): string | null {
  return names.find(([sign]) => text.includes(sign))?.[1] ?? null;
}
