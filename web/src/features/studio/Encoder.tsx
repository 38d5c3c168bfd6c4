import { useState } from "react";

import { type OwnBroadcast, rotateKey } from "../../api/studio.ts";
import { useAction } from "../../hooks/use-action.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyField } from "../../ui/CopyField.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { toasts } from "../../ui/toasts.ts";
import styles from "./studio.module.css";

/** What an encoder is told. */
export function Encoder(props: { readonly broadcast: OwnBroadcast; readonly again: () => void }) {
  const { broadcast, again } = props;
  const { ingest } = broadcast;
  const [asking, setAsking] = useState(false);
  const words = strings.studio;
  const rotate = useAction(async () => {
    await rotateKey(broadcast.id);
    setAsking(false);
    toasts.say(words.rotated);
    again();
  });
  if (!ingest) return null;
  return (
    <details className={styles.encoder}>
      <summary>{words.encoder}</summary>
      <div className={styles.column}>
        <p>{words.encoderHint}</p>
        {ingest.rtmpUrl === null ? null : (
          <>
            <CopyField label={words.rtmpUrl} value={ingest.rtmpUrl} words={strings.common} />
            <CopyField label={words.rtmpKey} value={ingest.rtmpStreamKey} words={strings.common} secret />
          </>
        )}
        {ingest.whipUrl === null ? null : (
          <>
            <CopyField label={words.whipUrl} value={ingest.whipUrl} words={strings.common} />
            <CopyField label={words.whipKey} value={ingest.streamKey} words={strings.common} secret />
          </>
        )}
        <div>
          <Button tone="danger" size="small" onPress={() => setAsking(true)}>
            {words.rotate}
          </Button>
        </div>
      </div>
      {asking ? (
        <Confirm
          title={words.rotateTitle}
          hint={words.rotateHint}
          yes={words.rotate}
          no={strings.common.cancel}
          busy={rotate.busy}
          failure={rotate.failure?.text ?? null}
          onYes={rotate.run}
          onNo={() => setAsking(false)}
        />
      ) : null}
    </details>
  );
}
