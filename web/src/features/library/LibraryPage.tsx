import { useState } from "react";
import { Link } from "react-router";

import { deleteRecording, loadLibrary, updateRecording } from "../../api/own.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { useAccount } from "../../hooks/use-session.ts";
import { strings } from "../../strings.ts";
import { CopyField } from "../../ui/CopyField.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Switch } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import { List } from "../../ui/List.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/Menu.tsx";
import { Card, Row, Screen } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";
import { type Editing, Stretch } from "./Stretch.tsx";

/** How often the list is asked for, in milliseconds. */
const EVERY_MS = 10_000;

type Item = Awaited<ReturnType<typeof loadLibrary>>["items"][number];

/** What remains of a host's broadcasts. */
export function LibraryPage() {
  const account = useAccount();
  const me = account?.id ?? "";
  const list = useList((signal, cursor) => loadLibrary(me, signal, cursor), EVERY_MS);
  const words = strings.library;
  return (
    <Screen title={words.title}>
      <title>{`${words.title} · ${strings.name}`}</title>
      <List
        {...list}
        words={strings.common}
        empty={words.empty}
        emptyHint={words.emptyHint}
        frame={(rows) => <Card>{rows}</Card>}
        line={(item) => <Line key={item.id} item={item} again={list.again} />}
      />
      {account === null ? null : (
        <CopyField
          label={words.feed}
          hint={words.feedHint}
          value={new URL(`/podcasts/${encodeURIComponent(account.username)}.xml`, location.origin).href}
          words={strings.common}
        />
      )}
    </Screen>
  );
}

function Line(props: { item: Item; again: () => void }) {
  const { item, again } = props;
  const { id, title, status, published, durationSeconds, sizeBytes, startedAt, kind } = item;
  const [editing, setEditing] = useState<Editing | "delete" | null>(null);
  const words = strings.library;
  const publish = useAction(async (wanted: boolean) => {
    await updateRecording(id, { published: wanted });
    toasts.say(wanted ? words.publishedNow : words.unpublishedNow);
    again();
  });
  const remove = useAction(async () => {
    await deleteRecording(id);
    toasts.say(words.removed);
    again();
  });
  const isReady = status === "ready";
  const about = [
    strings.recording.kind[kind],
    strings.common.shortDate(startedAt),
    durationSeconds === null ? "" : strings.recording.length(durationSeconds),
    sizeBytes === null ? "" : words.size(strings.common.decimal(sizeBytes / 1_000_000)),
    publish.failure?.text ?? "",
  ];
  return (
    <>
      <Row
        title={
          <>
            <Link to={`/r/${encodeURIComponent(id)}`}>{title}</Link>{" "}
            {isReady ? null : (
              <Lamp
                lit={status === "recording"}
                label={status === "recording" ? words.making : words.failed}
              />
            )}
          </>
        }
        about={about.filter((word) => word !== "").join(" · ")}
        actions={
          <>
            {isReady ? (
              <Switch
                label={words.published}
                checked={published}
                onChange={(wanted) => publish.run(wanted)}
              />
            ) : null}
            <Menu label={strings.common.actions(title)} button={<Icon name="more" />}>
              <MenuItem onSelect={() => setEditing("rename")}>{words.rename}</MenuItem>
              {isReady ? <MenuItem onSelect={() => setEditing("trim")}>{words.trim}</MenuItem> : null}
              {isReady && kind === "recording" ? (
                <MenuItem onSelect={() => setEditing("clip")}>{words.clip}</MenuItem>
              ) : null}
              <MenuLine />
              <MenuItem danger onSelect={() => setEditing("delete")}>
                {strings.common.delete}
              </MenuItem>
            </Menu>
          </>
        }
      />
      {editing === "delete" ? (
        <Confirm
          title={words.removeTitle(title)}
          hint={words.removeHint}
          yes={strings.common.delete}
          no={strings.common.cancel}
          busy={remove.busy}
          failure={remove.failure?.text ?? null}
          onYes={remove.run}
          onNo={() => setEditing(null)}
        />
      ) : editing === null ? null : (
        <Stretch
          recording={item}
          editing={editing}
          onClose={() => setEditing(null)}
          onDone={() => {
            setEditing(null);
            again();
          }}
        />
      )}
    </>
  );
}
