import type { Joined, RoomUser } from "../signal/protocol.ts";

export const AMY: RoomUser = { id: "amy", name: "Amy", role: "listener" };
export const HANA: RoomUser = { id: "hana", name: "Hana", role: "host" };

/** What the server says to somebody who comes into a room of two, in which one thing was said. */
export function welcome(you: RoomUser = AMY): Joined {
  return {
    type: "joined",
    id: "r-1",
    at: "2027-01-15T08:00:00Z",
    you,
    resumed: false,
    invited: false,
    hands: [],
    room: {
      onAir: true,
      rules: {
        chat: true,
        slowModeSeconds: 0,
        followersOnly: false,
        links: true,
        guests: true,
        reactions: ["👏", "❤️"],
      },
      users: [AMY, HANA],
      people: 2,
      listeners: { total: 7, webrtc: 3, hls: 4 },
      stage: [{ user: HANA, muted: false }],
      speaking: [],
      messages: [
        {
          id: "m1",
          text: "salaam",
          author: HANA,
          at: "2027-01-15T08:00:00Z",
          programTime: "2027-01-15T08:00:00Z",
        },
      ],
      pinned: [],
      questionsOpen: false,
      questions: [],
    },
  };
}
