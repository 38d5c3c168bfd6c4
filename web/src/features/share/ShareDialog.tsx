import { useEffect, useState } from "react";

import { loadFrame } from "../../api/oembed.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyField } from "../../ui/CopyField.tsx";
import { Dialog } from "../../ui/Dialog.tsx";

/** The address of a broadcast, and a frame for pages of others. */
export function ShareDialog(props: {
  readonly id: string;
  readonly title: string;
  readonly onClose: () => void;
}) {
  const { id, title, onClose } = props;
  const words = strings.share;
  const link = new URL(`/b/${encodeURIComponent(id)}`, location.origin).href;
  const [frame, setFrame] = useState<string | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    // The link is worth having without it.
    loadFrame(link, controller.signal).then(setFrame, () => {});
    return () => controller.abort();
  }, [link]);
  return (
    <Dialog title={words.title} onClose={onClose}>
      <CopyField label={words.link} value={link} words={strings.common} />
      {frame === null ? null : <CopyField label={words.embed} value={frame} words={strings.common} />}
      <div>
        {navigator.share === undefined ? null : (
          <Button
            tone="quiet"
            size="small"
            // Who closes the system's sheet has changed their mind.
            onPress={() => void navigator.share({ title, url: link }).catch(() => {})}
          >
            {words.share}
          </Button>
        )}
        <Button tone="quiet" size="small" onPress={onClose}>
          {strings.common.close}
        </Button>
      </div>
    </Dialog>
  );
}
