import { useEffect, useState } from "react";

import { loadTicket, roomUrl } from "../api/room.ts";
import type { Socket } from "../signal/connection.ts";
import { Room, type RoomView } from "../signal/room.ts";
import { useSession } from "./use-session.ts";
import { useStateOf } from "./use-state-of.ts";

/**
 * The room of the broadcast `id`, for as long as the page is there: as a guest, or as whoever signs in. Nobody is let
 * in before `isThere`, where the station has not said that there is such a broadcast.
 */
export function useRoom(id: string, isThere: boolean): { readonly room: Room; readonly view: RoomView } {
  const [room] = useState(
    () =>
      new Room({
        ticket: (signal) => loadTicket(id, signal),
        connect: () => new WebSocket(roomUrl(id)) as Socket,
        now: () => performance.now(),
        random: Math.random,
      }),
  );
  const view = useStateOf(room);
  const session = useSession();
  const who = session.phase === "signed in" ? session.account.id : session.phase;
  useEffect(() => {
    if (!isThere || who === "unknown") return undefined;
    room.open();
    addEventListener("online", room.hurry);
    return () => {
      removeEventListener("online", room.hurry);
      room.close();
    };
  }, [room, isThere, who]);
  return { room, view };
}
