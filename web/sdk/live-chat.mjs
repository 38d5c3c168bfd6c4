// The same as live-chat.js, for those who import.
import "./live-chat.js";

export const { LiveChat } = globalThis;
