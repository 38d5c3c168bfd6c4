import type { Replay } from "../../api/recordings.ts";
import { Observable } from "../../media/observable.ts";

/** What is asked for at once, in seconds. */
export const STRETCH = 60;

/** The next stretch is asked for so long before it begins, in seconds. */
const AHEAD = 15;

/** Stretches before the one that is heard, which stay to be read. */
const BEHIND = 2;

/** Messages that are shown; of more only the latest are read. */
const MOST = 100;

/** How long reactions are told together, in seconds. */
const REACTIONS = 10;

/** After a stretch that did not come it is left alone for as long, in milliseconds. */
const AGAIN_MS = 5000;

type Message = Replay["messages"][number];
type Reaction = Replay["reactions"][number];
type Range = Replay["ranges"][number];

/** A room as it was at one position of a recording. */
export interface Moment {
  /** What had been said shortly before, in order. */
  readonly messages: readonly Message[];
  /** How people reacted just then. */
  readonly reactions: readonly Reaction[];
  readonly stage: readonly Range[];
  readonly pinned: readonly Range[];
}

/** What a timeline is given from outside. */
export interface TimelineParts {
  readonly load: (from: number, to: number, signal: AbortSignal) => Promise<Replay>;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
}

/** A stretch that is there, on its way, or did not come. */
type Stretch =
  | { readonly kind: "there"; readonly replay: Replay }
  | { readonly kind: "coming"; readonly asking: AbortController }
  | { readonly kind: "lost"; readonly sinceMs: number };

const NOTHING: Moment = { messages: [], reactions: [], stage: [], pinned: [] };

/**
 * What went on in the room, as it belongs to what is heard of a recording. It is told the position, wherever that goes;
 * it keeps the few minutes around it and forgets the rest.
 */
export class Timeline extends Observable<Moment> {
  readonly #parts: TimelineParts;
  readonly #stretches = new Map<number, Stretch>();
  #position = 0;

  constructor(parts: TimelineParts) {
    super(NOTHING);
    this.#parts = parts;
  }

  /** How many stretches are kept or on their way. */
  get kept(): number {
    return this.#stretches.size;
  }

  /** This position is heard now, in seconds from the beginning of the recording. */
  at(position: number): void {
    this.#position = position;
    const here = Math.floor(position / STRETCH);
    const last = Math.floor((position + AHEAD) / STRETCH);
    const first = Math.max(0, here - BEHIND);
    for (const [place, stretch] of this.#stretches) {
      if (place >= first && place <= last) continue;
      if (stretch.kind === "coming") stretch.asking.abort();
      this.#stretches.delete(place);
    }
    // What is heard now is wanted first.
    this.#want(here);
    for (let place = first; place <= last; place++) this.#want(place);
    this.#show();
  }

  /** Ends everything; the timeline may be told a position again. */
  close(): void {
    for (const stretch of this.#stretches.values()) {
      if (stretch.kind === "coming") stretch.asking.abort();
    }
    this.#stretches.clear();
  }

  #want(place: number): void {
    const known = this.#stretches.get(place);
    const isWaiting = known?.kind === "lost" && this.#parts.now() - known.sinceMs < AGAIN_MS;
    if (known !== undefined && (known.kind !== "lost" || isWaiting)) return;
    const asking = new AbortController();
    this.#stretches.set(place, { kind: "coming", asking });
    this.#parts.load(place * STRETCH, (place + 1) * STRETCH, asking.signal).then(
      (replay) => this.#came(place, asking, { kind: "there", replay }),
      () => this.#came(place, asking, { kind: "lost", sinceMs: this.#parts.now() }),
    );
  }

  #came(place: number, asking: AbortController, stretch: Stretch): void {
    if (asking.signal.aborted) return;
    this.#stretches.set(place, stretch);
    this.#show();
  }

  #show(): void {
    const at = this.#position;
    const places = [...this.#stretches.keys()].toSorted((one, other) => one - other);
    const there = places.flatMap((place) => {
      const stretch = this.#stretches.get(place);
      return stretch?.kind === "there" ? [stretch.replay] : [];
    });
    const messages = each(
      there.flatMap((replay) => replay.messages),
      ({ id }) => id,
    );
    const ranges = each(
      there.flatMap((replay) => replay.ranges),
      ({ key, position }) => `${key} ${position}`,
    );
    const lasts = ({ position, end }: Range) => position <= at && (end === null || at < end);
    const of = (name: string) => ranges.filter((range) => range.class === name && lasts(range));
    this.become({
      messages: messages.filter(({ position }) => position <= at).slice(-MOST),
      reactions: there
        .flatMap((replay) => replay.reactions)
        .filter(({ position }) => position <= at && at < position + REACTIONS),
      stage: of("speaker"),
      pinned: of("pin"),
    });
  }

  protected isSame(one: Moment, other: Moment): boolean {
    const lists = Object.keys(one) as (keyof Moment)[];
    return lists.every((name) => sameItems(one[name], other[name]));
  }
}

/** Each once: what lasts is told with every stretch that it touches. */
function each<Item>(items: readonly Item[], nameOf: (item: Item) => string): readonly Item[] {
  const seen = new Map<string, Item>();
  for (const item of items) {
    if (!seen.has(nameOf(item))) seen.set(nameOf(item), item);
  }
  return [...seen.values()];
}

function sameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, place) => item === other[place]);
}
