import { useState } from "react";

import { browserName } from "../../api/browser-name.ts";
import { endOtherSignIns, endSignIn, loadSignIns, type SignIn } from "../../api/sign-ins.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Lamp } from "../../ui/Lamp.tsx";
import { List } from "../../ui/List.tsx";
import { Card, Row } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";

/** How often they are asked for, in milliseconds. */
const EVERY_MS = 30_000;

/** Where one is signed in, and the way to end that. */
export function SignIns() {
  const list = useList(loadSignIns, EVERY_MS);
  const [asking, setAsking] = useState(false);
  const words = strings.signIns;
  const endOthers = useAction(async () => {
    await endOtherSignIns();
    toasts.say(words.endedOthers);
    setAsking(false);
    list.again();
  });
  const hasOthers = list.items?.some(({ current }) => !current) ?? false;
  return (
    <Card title={words.title}>
      <p>{words.hint}</p>
      <List
        {...list}
        words={strings.common}
        beside
        empty={words.none}
        line={(signIn) => <Line key={signIn.id} signIn={signIn} again={list.again} />}
      />
      {hasOthers ? (
        <div>
          <Button tone="quiet" size="small" onPress={() => setAsking(true)}>
            {words.endOthers}
          </Button>
        </div>
      ) : null}
      {asking ? (
        <Confirm
          title={words.endOthersTitle}
          hint={words.endOthersHint}
          yes={words.endOthers}
          no={strings.common.cancel}
          busy={endOthers.busy}
          failure={endOthers.failure?.text ?? null}
          onYes={endOthers.run}
          onNo={() => setAsking(false)}
        />
      ) : null}
    </Card>
  );
}

function Line(props: { signIn: SignIn; again: () => void }) {
  const { signIn, again } = props;
  const { id, device, current, signedInAt, lastUsedAt } = signIn;
  const words = strings.signIns;
  const end = useAction(async () => {
    await endSignIn(id);
    toasts.say(words.ended);
    again();
  });
  const named = device === null ? "" : browserName(device) || device;
  const title = named === "" ? words.unnamed : named;
  const about = [
    signedInAt === null ? "" : words.since(signedInAt),
    current ? "" : words.lastUsed(lastUsedAt),
    end.failure?.text ?? "",
  ];
  return (
    <Row
      title={
        <>
          <bdi>{title}</bdi> {current ? <Lamp lit={false} label={words.here} /> : null}
        </>
      }
      about={about.filter((word) => word !== "").join(" · ")}
      actions={
        current ? undefined : (
          <Button
            tone="plain"
            size="small"
            busy={end.busy}
            label={`${words.end}: ${title}, ${strings.common.shortDate(lastUsedAt)}`}
            onPress={end.run}
          >
            {words.end}
          </Button>
        )
      }
    />
  );
}
