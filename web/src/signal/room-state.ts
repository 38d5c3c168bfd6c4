import type {
  Ask,
  Author,
  Hand,
  Joined,
  Listeners,
  Notice,
  Poll,
  Question,
  RoomUser,
  Rules,
  Speaker,
  Stamp,
  Stats,
} from "./protocol.ts";

/** Messages that are kept to be shown; the room itself keeps a hundred. */
const MESSAGES_MAX = 200;

/** Chapters that are kept to be shown. */
const CHAPTERS_MAX = 100;

/** Something that was said, and the moment of the programme that it belongs to. */
export interface Message {
  readonly id: string;
  readonly text: string;
  readonly author: Author;
  readonly at: string;
  /** Milliseconds since 1970 by the programme's clock; null while nothing is on air. */
  readonly programMs: number | null;
}

/** A chapter that began while one was here. */
export interface Mark {
  readonly title: string;
  readonly at: string;
}

/** A room as one of the people in it knows it. */
export interface RoomState {
  readonly you: RoomUser;
  readonly onAir: boolean;
  readonly rules: Rules;
  /** Null in a room of more than 200 people, which are only counted. */
  readonly users: readonly RoomUser[] | null;
  readonly people: number;
  readonly listeners: Listeners;
  readonly stage: readonly Speaker[];
  /** Whose voice is heard, as the station hears it. */
  readonly speaking: ReadonlySet<string>;
  readonly messages: readonly Message[];
  readonly pinned: readonly Message[];
  readonly poll: Poll | null;
  /** The answer that one gave to it, from 0. */
  readonly vote: number | null;
  /** What the last poll came to that was closed while one was here; null while another is open. */
  readonly lastPoll: Poll | null;
  /** Whether the host takes questions. */
  readonly questionsOpen: boolean;
  /** Those that wait, most wanted first, of these the oldest. */
  readonly questions: readonly Question[];
  /** Everybody's for the crew, one's own for others. */
  readonly hands: readonly Hand[];
  /** One is asked on stage. */
  readonly invited: boolean;
  /** How the broadcast is doing; for the crew. */
  readonly stats: Stats | null;
  readonly chapters: readonly Mark[];
}

/** The room as it is for who comes in, or comes back: `before` stays where what was missed follows. */
export function joined(message: Joined, before: RoomState | null): RoomState | null {
  const { you, room, invited } = message;
  if (!room) return before === null ? null : { ...before, you, invited };
  return {
    you,
    onAir: room.onAir,
    rules: room.rules,
    users: (room.users as readonly RoomUser[] | null | undefined) ?? null,
    people: room.people,
    listeners: room.listeners,
    stage: room.stage,
    speaking: new Set(room.speaking),
    messages: room.messages.map((said) => messageOf(said, said)),
    pinned: room.pinned.map((said) => messageOf(said, said)),
    poll: room.poll ?? null,
    vote: message.vote ?? null,
    lastPoll: room.poll ? null : (before?.lastPoll ?? null),
    questionsOpen: room.questionsOpen,
    questions: room.questions,
    hands: message.hands ?? [],
    invited,
    stats: null,
    chapters: before?.chapters ?? [],
  };
}

/** The room after the server told something; the same object where nothing changed that anybody sees. */
export function told(room: RoomState, notice: Notice): RoomState {
  switch (notice.type) {
    case "userJoined":
      return { ...room, users: put(room.users, notice.user), people: room.people + 1 };
    case "userLeft":
      return {
        ...room,
        users: room.users?.filter(({ id }) => id !== notice.userId) ?? null,
        people: Math.max(0, room.people - 1),
      };
    case "roleChanged": {
      const { user } = notice;
      const users = room.users?.map((known) => (known.id === user.id ? user : known)) ?? null;
      return { ...room, users, you: user.id === room.you.id ? user : room.you };
    }
    case "chatMessage":
      return { ...room, messages: add(room.messages, messageOf(notice.message, notice)) };
    case "messageDeleted": {
      const isOther = ({ id }: Message) => id !== notice.messageId;
      return { ...room, messages: room.messages.filter(isOther), pinned: room.pinned.filter(isOther) };
    }
    case "messagePinned":
      return { ...room, pinned: add(room.pinned, messageOf(notice.message, notice.message)) };
    case "messageUnpinned":
      return { ...room, pinned: room.pinned.filter(({ id }) => id !== notice.messageId) };
    case "handRaised": {
      const others = room.hands.filter(({ user }) => user.id !== notice.hand.user.id);
      return { ...room, hands: [...others, notice.hand] };
    }
    case "handLowered":
      return { ...room, hands: room.hands.filter(({ user }) => user.id !== notice.userId) };
    case "stageInvite":
      return notice.user.id === room.you.id ? { ...room, invited: true } : room;
    case "stageInviteEnded":
      return notice.user.id === room.you.id ? { ...room, invited: false } : room;
    case "stageChanged": {
      const invited = notice.user.id === room.you.id ? false : room.invited;
      return { ...room, stage: notice.stage, invited };
    }
    case "speaking":
      return { ...room, speaking: new Set(notice.userIds) };
    case "muted": {
      const { userId, muted } = notice;
      const stage = room.stage.map((there) => (there.user.id === userId ? { ...there, muted } : there));
      return { ...room, stage };
    }
    case "rulesChanged":
      return { ...room, rules: notice.rules };
    case "pollOpened":
      return { ...room, poll: notice.poll, vote: null, lastPoll: null };
    case "pollCounted":
      return room.poll?.id === notice.pollId
        ? { ...room, poll: { ...room.poll, counts: notice.counts } }
        : room;
    case "pollClosed":
      return room.poll?.id === notice.pollId
        ? { ...room, poll: null, vote: null, lastPoll: { ...room.poll, counts: notice.counts } }
        : room;
    case "questionsOpened":
      return { ...room, questionsOpen: true };
    case "questionsClosed":
      return { ...room, questionsOpen: false, questions: [] };
    case "questionAsked":
      return { ...room, questions: ranked([...room.questions, notice.question]) };
    case "questionVoted": {
      const { questionId, votes } = notice;
      const counted = (asked: Question) => (asked.id === questionId ? { ...asked, votes } : asked);
      return { ...room, questions: ranked(room.questions.map(counted)) };
    }
    case "questionSettled":
      return { ...room, questions: room.questions.filter(({ id }) => id !== notice.questionId) };
    case "listenerCount":
      return { ...room, listeners: notice.listeners, people: notice.people };
    case "stats":
      return { ...room, stats: notice.stats, listeners: notice.stats.listeners, people: notice.stats.people };
    case "chapterBegan": {
      const mark = { title: notice.title, at: notice.at };
      return { ...room, chapters: [...room.chapters, mark].slice(-CHAPTERS_MAX) };
    }
    case "broadcastStarted":
      return { ...room, onAir: true };
    case "broadcastEnded":
      return { ...room, onAir: false, stage: [], speaking: new Set(), invited: false };
    default:
      // What is told in passing (reactions, refusals, a free place) changes nothing here.
      return room;
  }
}

/** The room after one asked for something: nobody is told what they answered to a poll, they know. */
export function asked(room: RoomState, message: Ask): RoomState {
  return message.type === "vote" && message.pollId === room.poll?.id
    ? { ...room, vote: message.option }
    : room;
}

/**
 * What has been said by the moment that is heard, `heardMs` by the programme's clock; all of it where that is not
 * known. One's own words are there at once: whoever waits for them believes that they are lost.
 */
export function saidBy(
  messages: readonly Message[],
  heardMs: number | null,
  you: string | null,
): readonly Message[] {
  if (heardMs === null) return messages;
  return messages.filter(
    ({ programMs, author }) =>
      programMs === null || programMs <= heardMs || (you !== null && author.id === you),
  );
}

function put(users: readonly RoomUser[] | null, user: RoomUser): readonly RoomUser[] | null {
  return users === null ? null : [...users.filter(({ id }) => id !== user.id), user];
}

/** Each once, as the room orders them. */
function ranked(questions: readonly Question[]): readonly Question[] {
  const each = new Map(questions.map((question) => [question.id, question]));
  return [...each.values()].toSorted((one, other) => other.votes - one.votes || (one.at < other.at ? -1 : 1));
}

/** Each once, also where what was missed has it again. */
function add(messages: readonly Message[], message: Message): readonly Message[] {
  if (messages.some(({ id }) => id === message.id)) return messages;
  return [...messages, message].slice(-MESSAGES_MAX);
}

function messageOf(
  said: { readonly id: string; readonly text: string; readonly author: Author },
  stamp: Pick<Stamp, "at" | "programTime">,
): Message {
  const { id, text, author } = said;
  const programMs = stamp.programTime ? Date.parse(stamp.programTime) : Number.NaN;
  return { id, text, author, at: stamp.at, programMs: Number.isNaN(programMs) ? null : programMs };
}
