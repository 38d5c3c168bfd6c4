import { useState } from "react";
import { Link } from "react-router";

import { type Job, type JobState, loadJobs, retryJob } from "../../api/admin.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Select } from "../../ui/Field.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import { List } from "../../ui/List.tsx";
import { Row } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";

/** How often they are asked for, in milliseconds. */
const EVERY_MS = 10_000;

/** What was given up calls for somebody; the others can wait. */
const STATES = ["failed", "waiting", "done"] as const satisfies readonly JobState[];

/** What the station is to do at some time, and what it gave up. */
export function Jobs() {
  const [state, setState] = useState<JobState>("failed");
  const words = strings.jobs;
  return (
    <>
      <Select
        label={words.which}
        value={state}
        options={STATES.map((state) => [state, words.states[state]] as const)}
        onChange={setState}
      />
      <Found key={state} state={state} />
    </>
  );
}

function Found(props: { state: JobState }) {
  const { state } = props;
  const list = useList((signal, cursor) => loadJobs(state, signal, cursor), EVERY_MS);
  return (
    <List
      {...list}
      words={strings.common}
      empty={strings.jobs.none[state]}
      line={(job) => <Line key={job.id} job={job} again={list.again} />}
    />
  );
}

function Line(props: { job: Job; again: () => void }) {
  const { job, again } = props;
  const { id, kind, state, dueAt, nextAttemptAt, endedAt, attempts, lastError, broadcastId } = job;
  const words = strings.jobs;
  const kinds: Readonly<Record<string, string>> = words.kinds;
  const title = kinds[kind] ?? kind;
  const retry = useAction(async () => {
    await retryJob(id);
    toasts.say(words.again);
    again();
  });
  const about = [
    words.due(dueAt),
    attempts > 0 ? words.attempts(attempts) : "",
    nextAttemptAt === null ? "" : words.next(nextAttemptAt),
    endedAt === null ? "" : words.ended(endedAt),
    retry.failure?.text ?? "",
  ];
  return (
    <Row
      title={
        <>
          {broadcastId === null ? title : <Link to={`/b/${encodeURIComponent(broadcastId)}`}>{title}</Link>}{" "}
          {state === "failed" ? <Lamp lit label={words.states.failed} /> : null}
        </>
      }
      about={
        <>
          {about.filter((word) => word !== "").join(" · ")}
          {lastError === null ? null : (
            <>
              <br />
              <bdi>{lastError}</bdi>
            </>
          )}
        </>
      }
      actions={
        state === "failed" ? (
          <Button
            tone="quiet"
            size="small"
            busy={retry.busy}
            label={`${words.retry}: ${title}, ${strings.common.shortDate(dueAt)}`}
            onPress={retry.run}
          >
            {words.retry}
          </Button>
        ) : undefined
      }
    />
  );
}
