import type { ReactNode } from "react";

import type { Watched } from "../../api/watch.ts";
import { strings } from "../../strings.ts";
import { Notice, Rows } from "../../ui/Screen.tsx";

/** A list that the station is asked for: on its way, away, empty, or there. */
export function List<T>(props: {
  readonly watched: Watched<{ readonly items: readonly T[] }>;
  readonly empty: string;
  readonly line: (item: T) => ReactNode;
}) {
  const { watched, empty, line } = props;
  if (watched.status === "loading") return <Notice busy title={strings.common.loading} />;
  if (watched.value === null) return <Notice busy title={strings.common.unreachable} />;
  const { items } = watched.value;
  return items.length === 0 ? <Notice title={empty} /> : <Rows>{items.map(line)}</Rows>;
}
