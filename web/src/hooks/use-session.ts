import type { Account, SessionState } from "../api/session.ts";
import { session } from "../api/station.ts";
import { useStateOf } from "./use-state-of.ts";

/** Who is signed in. */
export const useSession = (): SessionState => useStateOf(session);

/** The account that is signed in; null for a guest, and while it is not known. */
export function useAccount(): Account | null {
  const state = useSession();
  return state.phase === "signed in" ? state.account : null;
}
