import { lazy, Suspense, useState } from "react";

import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";

/** Opens after a press: nobody waits for it. */
const ShareDialog = lazy(async () => ({ default: (await import("./ShareDialog.tsx")).ShareDialog }));

/** Hands a broadcast on. */
export function ShareButton(props: { readonly id: string; readonly title: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button tone="quiet" size="small" onPress={() => setOpen(true)}>
        <Icon name="share" />
        {strings.share.share}
      </Button>
      {open ? (
        <Suspense>
          <ShareDialog {...props} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
