import type { Schema } from "@onair/client";

/** A name as it is on the wire: the document has the fields of messages in snake case. */
type Camel<Name> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;

type OnTheWire<T> = T extends readonly (infer Item)[]
  ? readonly OnTheWire<Item>[]
  : T extends object
    ? { readonly [Key in keyof T as Camel<Key>]: OnTheWire<T[Key]> }
    : T;

/** When something was told, and the moment of the programme that it belongs to. */
export interface Stamp {
  /** Of the last event: what a connection that comes back says it has. */
  readonly id: string;
  readonly at: string;
  readonly programTime?: string | null;
}

/** What a client asks for, without coming in, which is the connection's own. */
export type Ask = Exclude<OnTheWire<Schema<"RoomClientMessage">>, { type: "join" }>;

/** What the room tells. */
export type Notice = OnTheWire<Schema<"RoomNotice">> & Stamp;

/** The answer to coming in. */
export type Joined = Omit<OnTheWire<Schema<"RoomJoined">>, "type" | "hands"> & {
  readonly type: "joined";
  readonly hands?: readonly Hand[] | null;
};

export type RoomUser = OnTheWire<Schema<"RoomUser">>;
export type Speaker = OnTheWire<Schema<"RoomSpeaker">>;
export type Hand = OnTheWire<Schema<"RoomHand">>;
export type Rules = OnTheWire<Schema<"RoomRules">>;
export type Poll = OnTheWire<Schema<"RoomPoll">>;
export type Question = OnTheWire<Schema<"RoomQuestion">>;
export type Listeners = OnTheWire<Schema<"RoomListeners">>;
export type Stats = OnTheWire<Schema<"RoomStats">>;
export type Author = OnTheWire<Schema<"RoomAuthor">>;
export type ReportReason = Schema<"ReportReason">;

/** Longest message, in characters as people count them. */
export const MESSAGE_CHARACTERS = 200;

/** How many answers a poll has. */
export const POLL_OPTIONS = { least: 2, most: 8 } as const;

/** Questions of one person that wait at once. */
export const OWN_QUESTIONS = 3;

/** Who keeps order: what they may is the room's business; this says which buttons there are. */
export function isCrew({ role }: RoomUser): boolean {
  return role === "host" || role === "moderator" || role === "admin";
}

/** A message of the server; null where it is none. What a newer server tells beyond this is of no known type. */
export function parse(text: string): Joined | Notice | null {
  try {
    const message: unknown = JSON.parse(text);
    const isMessage =
      typeof message === "object" &&
      message !== null &&
      "type" in message &&
      typeof message.type === "string" &&
      "id" in message &&
      typeof message.id === "string";
    return isMessage ? (message as unknown as Joined | Notice) : null;
  } catch {
    return null;
  }
}
