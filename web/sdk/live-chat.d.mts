/** Somebody said something. */
export interface ChatMessage {
  readonly id: string;
  /** As it was written: whoever shows it escapes it. */
  readonly text: string;
  /** `id` is null where there is no such account any more. */
  readonly author: { readonly id: string | null; readonly name: string; readonly role: string };
  /** When it was sent, RFC 3339. */
  readonly at: string;
  /** Which moment of the programme it belongs to, by the clock of PROGRAM-DATE-TIME. */
  readonly programTime?: string;
  /** The id of the message that it answers. */
  readonly replyTo?: string;
}

/** How many listen. */
export interface Listeners {
  readonly total: number;
  readonly webrtc: number;
  readonly hls: number;
}

/** What went wrong: `code` for programs, `detail` for people. */
export interface ChatError {
  readonly code: string;
  readonly detail: string;
}

type OnChat = (username: string, text: string, message: ChatMessage) => void;
type OnViewerUpdate = (count: number, listeners: Listeners) => void;
type OnError = (error: ChatError) => void;

/** The chat of one broadcast. It connects when it is made, and again by itself until `disconnect`. */
export class LiveChat {
  readonly streamId: string;
  userId: string | number | undefined;
  username: string | undefined;
  constructor(
    streamId: string | number,
    userId?: string | number,
    username?: string,
    baseUrl?: string,
    accessToken?: string,
  );
  get onChat(): (callback: OnChat) => void;
  set onChat(callback: OnChat);
  get onViewerUpdate(): (callback: OnViewerUpdate) => void;
  set onViewerUpdate(callback: OnViewerUpdate);
  get onError(): (callback: OnError) => void;
  set onError(callback: OnError);
  get isConnected(): boolean;
  /** Says something: 1 to 200 characters. False, and `onError`, where it cannot be sent. */
  sendMessage(text: string): boolean;
  /** Ends it for good. */
  disconnect(): void;
}
