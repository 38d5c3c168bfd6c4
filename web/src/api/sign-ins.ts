import { answered, type Schema } from "@onair/client";

import { station } from "./station.ts";

export type SignIn = Schema<"SignIn">;

/** Where one is signed in, the one used last first. */
export function loadSignIns(signal: AbortSignal): Promise<Schema<"SignInList">> {
  return answered(station.GET("/api/auth/sessions", { signal }));
}

/** Signs out there, at once. */
export async function endSignIn(id: string): Promise<void> {
  await answered(station.DELETE("/api/auth/sessions/{id}", { params: { path: { id } } }));
}

/** Signs out everywhere but here. */
export async function endOtherSignIns(): Promise<void> {
  await answered(station.DELETE("/api/auth/sessions"));
}
