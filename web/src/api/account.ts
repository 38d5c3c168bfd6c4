import { answered, type Schema } from "@onair/client";

import { session, station } from "./station.ts";

/** Changes how others see whoever is signed in. */
export async function editMe(body: Schema<"AccountEdit">): Promise<void> {
  session.told(await answered(station.PATCH("/api/auth/me", { body })));
}

/** Follows somebody, or follows them no more. */
export async function setFollow(id: string, follows: boolean): Promise<void> {
  const params = { path: { id } };
  if (follows) await answered(station.PUT("/api/users/{id}/follow", { params }));
  else await answered(station.DELETE("/api/users/{id}/follow", { params }));
}
