/** A notice as a system shows it. */
export interface Notice {
  readonly title: string;
  readonly options: {
    readonly body: string;
    /** Of one tag a device shows the latest. */
    readonly tag: string;
    readonly icon: string;
    readonly badge: string;
    readonly dir: "auto";
    /** Where it leads: an address of this station. */
    readonly data: string;
  };
}

/** As much of a window as is needed. */
export interface Shown {
  readonly url: string;
  focus(): Promise<unknown>;
}

/** Where windows are found, and opened. */
export interface Windows<Window extends Shown> {
  matchAll(options: { type: "window"; includeUncontrolled: true }): Promise<readonly Window[]>;
  openWindow(url: string): Promise<unknown>;
}

/**
 * What the station pushed (`id`, `title`, `body`, `url`, and `tag` where notices replace each other), for the worker of
 * `origin`. A browser shows something for every push, so what cannot be read is a notice as well: that there is one.
 */
export function noticeOf(pushed: string, origin: string): Notice {
  const { id, title, body, url, tag } = fieldsOf(pushed);
  return {
    title: textOf(title) || "OnAir",
    options: {
      body: textOf(body),
      tag: textOf(tag) || textOf(id),
      icon: "/icon-192.png",
      badge: "/badge-96.png",
      dir: "auto",
      data: placeOf(textOf(url), origin),
    },
  };
}

/** Shows `place`: the window that has it already, so that what it plays goes on, else a new one. */
export async function show<Window extends Shown>(windows: Windows<Window>, place: string): Promise<void> {
  const all = await windows.matchAll({ type: "window", includeUncontrolled: true });
  const there = all.find(({ url }) => url.split("#")[0] === place.split("#")[0]);
  await (there === undefined ? windows.openWindow(place) : there.focus());
}

/** The place of `url` at this station, by whichever name it is reached. */
function placeOf(url: string, origin: string): string {
  const home = `${origin}/`;
  if (!URL.canParse(url, home)) return home;
  const { protocol, pathname, search, hash } = new URL(url, home);
  return protocol === "https:" || protocol === "http:" ? origin + pathname + search + hash : home;
}

function fieldsOf(pushed: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(pushed);
    return typeof read === "object" && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const textOf = (value: unknown) => (typeof value === "string" ? value : "");
