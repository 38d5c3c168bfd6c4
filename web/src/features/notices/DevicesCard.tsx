import { useState } from "react";

import { type Device, forgetDevice, loadDevices } from "../../api/devices.ts";
import { browserParts, NotAllowed, type PushState, pushState } from "../../api/push.ts";
import { failureOf, useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { List } from "../../ui/List.tsx";
import { Card, Row, Rows } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";
import { keptDevice, turnOff, turnOn } from "./this-browser.ts";

/** How often the list is asked for, in milliseconds. */
const EVERY_MS = 30_000;

/** Where one can be reached, this browser first. */
export function DevicesCard() {
  const list = useList(loadDevices, EVERY_MS);
  const words = strings.notices;
  const known = list.items?.map(({ id }) => id) ?? null;
  return (
    <Card title={words.devices}>
      <ThisBrowser devices={known} again={list.again} />
      <List
        {...list}
        words={strings.common}
        beside
        empty={words.noDevices}
        line={(device) => <Line key={device.id} device={device} again={list.again} />}
      />
    </Card>
  );
}

function ThisBrowser(props: { devices: readonly string[] | null; again: () => void }) {
  const { devices, again } = props;
  const { watched, again: lookAgain } = useWatch(() => pushState(browserParts()), EVERY_MS);
  const words = strings.notices.browser;
  const act = useAction(
    async (wanted: "on" | "off") => {
      if (wanted === "on") await turnOn();
      else await turnOff();
      toasts.say(words.said[wanted]);
      lookAgain();
      again();
    },
    (error) => {
      lookAgain();
      if (error instanceof NotAllowed) return { text: words.state.denied, fields: {} };
      // What the browser itself refuses has no words for people.
      return error instanceof DOMException || error instanceof TypeError
        ? { text: words.failed, fields: {} }
        : failureOf(error);
    },
  );
  const found = watched.status === "loading" ? null : watched.value;
  if (found === null) return null;
  // A subscription whose device was removed elsewhere reaches nobody.
  const device = keptDevice();
  const isGone = devices !== null && (device === null || !devices.includes(device));
  const state: PushState = found === "on" && isGone ? "off" : found;
  return (
    <>
      <Rows>
        <Row
          title={words.title}
          about={words.state[state]}
          actions={
            state === "missing" || state === "denied" ? undefined : (
              <Button
                tone={state === "on" ? "quiet" : "loud"}
                size="small"
                busy={act.busy}
                onPress={() => act.run(state === "on" ? "off" : "on")}
              >
                {state === "on" ? words.turnOff : words.turnOn}
              </Button>
            )
          }
        />
      </Rows>
      <p role="alert">{act.failure?.text ?? ""}</p>
    </>
  );
}

function Line(props: { device: Device; again: () => void }) {
  const { device, again } = props;
  const { id, name, channel, createdAt } = device;
  const [asking, setAsking] = useState(false);
  const words = strings.notices;
  const title = name === "" ? words.channels[channel] : name;
  const forget = useAction(async () => {
    if (id === keptDevice()) await turnOff();
    else await forgetDevice(id);
    again();
  });
  return (
    <>
      <Row
        title={<bdi>{title}</bdi>}
        about={[words.channels[channel], words.since(createdAt), id === keptDevice() ? words.thisOne : ""]
          .filter((word) => word !== "")
          .join(" · ")}
        actions={
          <Button
            tone="plain"
            size="small"
            label={`${words.remove}: ${title}`}
            onPress={() => setAsking(true)}
          >
            {words.remove}
          </Button>
        }
      />
      {asking ? (
        <Confirm
          title={words.removeDevice(title)}
          hint={words.removeDeviceHint}
          yes={words.remove}
          no={strings.common.cancel}
          busy={forget.busy}
          failure={forget.failure?.text ?? null}
          onYes={forget.run}
          onNo={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
