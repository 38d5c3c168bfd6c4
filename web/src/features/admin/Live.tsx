import { useState } from "react";
import { Link } from "react-router";

import { endAny, type LiveBroadcast, loadOverview } from "../../api/admin.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { TextField } from "../../ui/Field.tsx";
import { FormDialog } from "../../ui/FormDialog.tsx";
import { List } from "../../ui/List.tsx";
import { Row } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";

/** How often it is asked for, in milliseconds. */
const EVERY_MS = 3000;

/** What is on air now, and its end by hand. */
export function Live() {
  const { watched, again } = useWatch(loadOverview, EVERY_MS);
  const words = strings.admin;
  const known = watched.status === "loading" ? null : watched.value;
  return (
    <>
      {known === null ? null : <p>{words.totals(known.live, known.listeners, known.publishers)}</p>}
      <List
        items={known?.broadcasts ?? null}
        isAway={watched.status === "unreachable"}
        words={strings.common}
        empty={words.nothingLive}
        line={(broadcast) => <Line key={broadcast.id} broadcast={broadcast} again={again} />}
      />
    </>
  );
}

function Line(props: { broadcast: LiveBroadcast; again: () => void }) {
  const { broadcast, again } = props;
  const { id, title, listeners, startedAt, publishers, loudness } = broadcast;
  const [asking, setAsking] = useState(false);
  const words = strings.admin;
  const kilobits = publishers.reduce((sum, { bitsPerSecond }) => sum + bitsPerSecond / 1000, 0);
  const about = [
    strings.listen.listeners(listeners),
    words.since(startedAt),
    ...publishers.map(({ protocol }) => protocol.toUpperCase()),
    publishers.length > 0 ? strings.studio.kilobits(kilobits) : "",
    loudness.shortTermLufs === null ? "" : strings.studio.lufs(loudness.shortTermLufs),
  ];
  return (
    <>
      <Row
        title={<Link to={`/b/${encodeURIComponent(id)}`}>{title}</Link>}
        about={about.filter((word) => word !== "").join(" · ")}
        actions={
          <Button
            tone="danger"
            size="small"
            label={`${words.endAny}: ${title}`}
            onPress={() => setAsking(true)}
          >
            {words.endAny}
          </Button>
        }
      />
      {asking ? (
        <End
          id={id}
          title={title}
          onClose={() => {
            setAsking(false);
            again();
          }}
        />
      ) : null}
    </>
  );
}

function End(props: { id: string; title: string; onClose: () => void }) {
  const { id, title, onClose } = props;
  const [reason, setReason] = useState("");
  const words = strings.admin;
  const end = useAction(async () => {
    await endAny(id, reason);
    toasts.say(words.endedIt);
    onClose();
  });
  return (
    <FormDialog
      title={words.endTitle(title)}
      hint={words.endHint}
      yes={words.endAny}
      no={strings.common.cancel}
      tone="danger"
      busy={end.busy}
      failure={end.failure?.text ?? null}
      onSubmit={end.run}
      onClose={onClose}
    >
      <TextField
        label={`${words.endReason} (${strings.common.optional})`}
        maxLength={500}
        dir="auto"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
