import { useEffect } from "react";
import { Link } from "react-router";

import { followNotices, loadNotices, markRead, type Notification } from "../../api/notices.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { strings } from "../../strings.ts";
import { Button, LinkButton } from "../../ui/Button.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import { List } from "../../ui/List.tsx";
import { Card, Row, Screen } from "../../ui/Screen.tsx";

/** How often the list is asked for, in milliseconds. */
const EVERY_MS = 60_000;

/** What one was told. */
export function NoticesPage() {
  const list = useList(loadNotices, EVERY_MS);
  const { again, items } = list;
  useEffect(() => followNotices(again), [again]);
  const words = strings.notices;
  const readAll = useAction(() => markRead("all"));
  return (
    <Screen
      title={words.title}
      actions={
        <>
          {items?.some(({ readAt }) => readAt === null) ? (
            <Button tone="quiet" size="small" busy={readAll.busy} onPress={readAll.run}>
              {words.readAll}
            </Button>
          ) : null}
          <LinkButton tone="quiet" size="small" to="/notifications/settings">
            {words.settings}
          </LinkButton>
        </>
      }
    >
      <title>{`${words.title} · ${strings.name}`}</title>
      <p role="alert">{readAll.failure?.text ?? ""}</p>
      <List
        {...list}
        words={strings.common}
        empty={words.empty}
        emptyHint={words.emptyHint}
        frame={(rows) => <Card>{rows}</Card>}
        line={(notice) => <Line key={notice.id} notice={notice} />}
      />
    </Screen>
  );
}

function Line(props: { notice: Notification }) {
  const { id, kind, title, body, link, createdAt, readAt } = props.notice;
  const words = strings.notices;
  const read = useAction(() => markRead(id));
  const isNew = readAt === null;
  return (
    <Row
      title={
        <>
          <Link to={link} onClick={() => isNew && read.run()}>
            <bdi>{title}</bdi>
          </Link>{" "}
          {isNew ? <Lamp lit label={words.isNew} /> : null}
        </>
      }
      about={
        <>
          {body === "" ? null : (
            <>
              <bdi>{body}</bdi>
              <br />
            </>
          )}
          {[words.kinds[kind], strings.common.shortDate(createdAt), read.failure?.text ?? ""]
            .filter((word) => word !== "")
            .join(" · ")}
        </>
      }
      actions={
        isNew ? (
          <Button
            tone="plain"
            size="small"
            busy={read.busy}
            label={`${words.read}: ${title}`}
            onPress={read.run}
          >
            {words.read}
          </Button>
        ) : undefined
      }
    />
  );
}
