import { expect, test } from "vitest";
import type { Broadcast, BroadcastStatus } from "../../api/broadcasts.ts";
import type { PlayerState } from "../../media/player-state.ts";
import { screenOf } from "./screen.ts";

function broadcast(status: BroadcastStatus): Broadcast {
  return {
    id: "studio",
    title: "Studio",
    status,
    startedAt: null,
    listenerCount: 0,
    description: "",
    scheduledStartTime: null,
    coverUrl: null,
    host: { id: "u1", username: "ada", displayName: "Ada", avatarUrl: null },
    playback: { hlsUrl: "/live/studio/index.m3u8", whepUrl: null },
  };
}

const IDLE: PlayerState = { phase: "idle" };
const ENDED: PlayerState = { phase: "ended" };

test("before Listen the broadcast decides", () => {
  const actions = (["live", "scheduled", "ended", "cancelled"] as const).map(
    (status) => screenOf(IDLE, broadcast(status)).action,
  );
  expect(actions).toEqual(["listen", "listen", "none", "none"]);
  expect(screenOf(IDLE, null).action).toBe("listen");
  expect(screenOf(IDLE, undefined).action).toBe("listen");
});

test("after the end a broadcast that is back may be heard again", () => {
  expect(screenOf(ENDED, broadcast("ended")).action).toBe("none");
  expect(screenOf(ENDED, broadcast("live"))).toMatchObject({ title: "On air again", action: "listen" });
});

test("whoever listens can stop, whatever the state", () => {
  const states: PlayerState[] = [
    { phase: "waiting" },
    { phase: "opening" },
    { phase: "playing", latencySeconds: 2 },
    { phase: "recovering", attempt: 3, reason: "network" },
  ];
  expect(states.map((state) => screenOf(state, null).action)).toEqual(["stop", "stop", "stop", "stop"]);
});
