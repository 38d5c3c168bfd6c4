import { useState } from "react";

import { createClip, updateRecording } from "../../api/own.ts";
import { useAction } from "../../hooks/use-action.ts";
import { strings } from "../../strings.ts";
import { TextField } from "../../ui/Field.tsx";
import { FormDialog } from "../../ui/FormDialog.tsx";
import { toasts } from "../../ui/toasts.ts";
import { parseClock } from "./times.ts";

/** What is to be done with a recording. */
export type Editing = "rename" | "trim" | "clip";

/** Names a recording, trims it, or makes a clip of it. */
export function Stretch(props: {
  readonly recording: {
    readonly id: string;
    readonly title: string;
    readonly durationSeconds: number | null;
    readonly cut?: {
      readonly startSeconds: number;
      readonly endSeconds: number;
      readonly recordedSeconds: number;
    };
  };
  readonly editing: Editing;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { recording, editing, onClose, onDone } = props;
  const { id, cut } = recording;
  const words = strings.library;
  // A trim is of all that was recorded, a clip of what is heard of it.
  const whole =
    (editing === "trim" ? cut?.recordedSeconds : recording.durationSeconds) ?? recording.durationSeconds ?? 0;
  const { length } = strings.recording;
  const [title, setTitle] = useState(editing === "clip" ? "" : recording.title);
  const [from, setFrom] = useState(length(editing === "trim" ? (cut?.startSeconds ?? 0) : 0));
  const [to, setTo] = useState(length(editing === "trim" ? (cut?.endSeconds ?? whole) : whole));
  const [start, end] = [parseClock(from), parseClock(to)];
  const bad =
    start === null || end === null
      ? words.badTime
      : start >= end || start > whole
        ? words.badRange
        : undefined;
  const save = useAction(async () => {
    if (editing === "rename") {
      await updateRecording(id, { title: title.trim() });
      toasts.say(strings.common.saved);
    } else if (start !== null && end !== null) {
      // What a clock shows is rounded down: the end of all is the end of all.
      const stretch = { startSeconds: start, endSeconds: end >= Math.floor(whole) ? whole : end };
      if (editing === "trim") await updateRecording(id, stretch);
      else await createClip(id, { ...stretch, title: title.trim() });
      toasts.say(editing === "trim" ? words.trimmed : words.clipped);
    }
    onDone();
  });
  const isStretch = editing !== "rename";
  return (
    <FormDialog
      title={words[editing]}
      hint={isStretch ? (editing === "trim" ? words.trimHint : words.clipHint) : undefined}
      yes={strings.common.save}
      no={strings.common.cancel}
      busy={save.busy}
      failure={save.failure?.text ?? null}
      onSubmit={() => {
        if (!isStretch || bad === undefined) save.run();
      }}
      onClose={onClose}
    >
      {editing === "trim" ? null : (
        <TextField
          label={editing === "clip" ? words.clipTitle : strings.broadcasts.titleField}
          required
          maxLength={120}
          dir="auto"
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
      )}
      {isStretch ? (
        <>
          <TextField
            label={words.from}
            value={from}
            required
            onChange={(event) => setFrom(event.currentTarget.value)}
          />
          <TextField
            label={words.to}
            value={to}
            required
            error={bad}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
        </>
      ) : null}
    </FormDialog>
  );
}
