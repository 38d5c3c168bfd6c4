import type { ReactNode } from "react";

import { Button } from "./Button.tsx";
import { Notice, Rows } from "./Screen.tsx";

/** A list that is asked for somewhere: on its way, away, empty, or there. */
export function List<T>(props: {
  /** Null while it is not known. */
  readonly items: readonly T[] | null;
  /** Whether the last question was left without an answer. */
  readonly isAway: boolean;
  readonly words: { readonly loading: string; readonly unreachable: string; readonly more: string };
  readonly empty: string;
  readonly emptyHint?: string | undefined;
  /** Whether it is one of several things on a page: that it is empty is then said in passing. */
  readonly beside?: boolean;
  readonly line: (item: T) => ReactNode;
  /** Asks for what follows; left out, or null, where nothing does. */
  readonly more?: (() => void) | null;
  /** What the list stands in. */
  readonly frame?: (rows: ReactNode) => ReactNode;
}) {
  const {
    items,
    isAway,
    words,
    empty,
    emptyHint,
    beside = false,
    line,
    more,
    frame = (rows) => rows,
  } = props;
  if (items === null) return <Notice busy title={isAway ? words.unreachable : words.loading} />;
  if (items.length === 0) return beside ? <p>{empty}</p> : <Notice title={empty} hint={emptyHint} />;
  return frame(
    <>
      <Rows>{items.map(line)}</Rows>
      {more ? (
        <div>
          <Button tone="quiet" size="small" onPress={more}>
            {words.more}
          </Button>
        </div>
      ) : null}
    </>,
  );
}
