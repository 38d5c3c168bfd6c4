import type { OwnBroadcast } from "../../api/studio.ts";

/** A list in which each series stands once, with the next of its dates: twenty of them would hide everything else. */
export function gathered(broadcasts: readonly OwnBroadcast[]): readonly OwnBroadcast[] {
  const next = new Map<string, OwnBroadcast>();
  for (const broadcast of broadcasts) {
    if (!isPlanned(broadcast)) continue;
    const known = next.get(broadcast.seriesId);
    if (known === undefined || startsBefore(broadcast, known)) next.set(broadcast.seriesId, broadcast);
  }
  return broadcasts.flatMap((broadcast) => {
    if (!isPlanned(broadcast)) return [broadcast];
    const first = next.get(broadcast.seriesId);
    next.delete(broadcast.seriesId);
    return first === undefined ? [] : [first];
  });
}

function isPlanned(broadcast: OwnBroadcast): broadcast is OwnBroadcast & { readonly seriesId: string } {
  return broadcast.seriesId !== null && broadcast.status === "scheduled";
}

function startsBefore(one: OwnBroadcast, other: OwnBroadcast): boolean {
  return Date.parse(one.scheduledStartTime ?? "") < Date.parse(other.scheduledStartTime ?? "");
}
