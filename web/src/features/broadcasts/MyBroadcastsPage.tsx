import { useState } from "react";
import { Link } from "react-router";

import { coverOf } from "../../api/broadcasts.ts";
import { deleteBroadcast, loadMine, type Scope } from "../../api/own.ts";
import type { OwnBroadcast } from "../../api/studio.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { useAccount } from "../../hooks/use-session.ts";
import { strings } from "../../strings.ts";
import { Button, LinkButton } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import { List } from "../../ui/List.tsx";
import { Card, Row, Screen } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";
import styles from "./broadcasts.module.css";
import { gathered } from "./gathered.ts";
import { ScopeDialog } from "./ScopeDialog.tsx";

/** How often the list is asked for, in milliseconds. */
const EVERY_MS = 10_000;

/** What a host has made and planned. */
export function MyBroadcastsPage() {
  const me = useAccount()?.id ?? "";
  const list = useList((signal, cursor) => loadMine(me, signal, cursor), EVERY_MS);
  const words = strings.broadcasts;
  const create = (
    <LinkButton tone="loud" size="small" to="/broadcasts/new">
      <Icon name="plus" />
      {words.create}
    </LinkButton>
  );
  return (
    <Screen title={words.title} actions={create}>
      <title>{`${words.title} · ${strings.name}`}</title>
      <List
        {...list}
        items={list.items === null ? null : gathered(list.items)}
        words={strings.common}
        empty={words.empty}
        emptyHint={words.emptyHint}
        frame={(rows) => <Card>{rows}</Card>}
        line={(broadcast) => <Line key={broadcast.id} broadcast={broadcast} again={list.again} />}
      />
    </Screen>
  );
}

function Line(props: { broadcast: OwnBroadcast; again: () => void }) {
  const { broadcast, again } = props;
  const { id, title, status, scheduledStartTime, endedAt, peakListeners, visibility, seriesId } = broadcast;
  const [asking, setAsking] = useState(false);
  const words = strings.broadcasts;
  const remove = useAction(async (scope: Scope) => {
    await deleteBroadcast(id, scope);
    toasts.say(words.removed);
    again();
  });
  const about = [
    status === "scheduled"
      ? scheduledStartTime === null
        ? words.noStart
        : words.planned(scheduledStartTime)
      : status === "ended" && endedAt !== null
        ? words.ended(endedAt)
        : "",
    peakListeners > 0 ? words.peak(peakListeners) : "",
    seriesId !== null && status === "scheduled" ? strings.series.repeats : "",
    visibility === "unlisted" || visibility === "private" ? words.visibilities[visibility] : "",
  ];
  const path = encodeURIComponent(id);
  const cover = coverOf(broadcast);
  return (
    <>
      <Row
        before={cover === null ? null : <img className={styles.thumb} src={cover} alt="" loading="lazy" />}
        title={
          <>
            <Link to={`/b/${path}`}>{title}</Link>{" "}
            <Lamp lit={status === "live"} label={words.status[status]} />
          </>
        }
        about={about.filter((word) => word !== "").join(" · ")}
        actions={
          <>
            <LinkButton tone={status === "live" ? "loud" : "quiet"} size="small" to={`/studio/${path}`}>
              {words.studio}
            </LinkButton>
            <LinkButton
              tone="plain"
              size="small"
              to={`/broadcasts/${path}`}
              label={`${strings.common.edit}: ${title}`}
            >
              {strings.common.edit}
            </LinkButton>
            {seriesId === null ? null : (
              <LinkButton
                tone="plain"
                size="small"
                to={`/series/${encodeURIComponent(seriesId)}`}
                label={`${strings.series.dates}: ${title}`}
              >
                {strings.series.dates}
              </LinkButton>
            )}
            <Button
              tone="plain"
              size="small"
              label={`${strings.common.delete}: ${title}`}
              onPress={() => setAsking(true)}
            >
              {strings.common.delete}
            </Button>
          </>
        }
      />
      {asking && seriesId !== null && status === "scheduled" ? (
        <ScopeDialog
          title={words.removeTitle(title)}
          hint={words.removeHint}
          yes={strings.common.delete}
          tone="danger"
          busy={remove.busy}
          failure={remove.failure?.text ?? null}
          onYes={remove.run}
          onNo={() => setAsking(false)}
        />
      ) : asking ? (
        <Confirm
          title={words.removeTitle(title)}
          hint={words.removeHint}
          yes={strings.common.delete}
          no={strings.common.cancel}
          busy={remove.busy}
          failure={remove.failure?.text ?? null}
          onYes={() => remove.run("this")}
          onNo={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
