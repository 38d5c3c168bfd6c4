import { lazy, Suspense } from "react";

import { ListenPage } from "../features/listen/ListenPage.tsx";
import { FollowButton } from "../features/share/FollowButton.tsx";
import { ShareButton } from "../features/share/ShareButton.tsx";
import { useAccount } from "../hooks/use-session.ts";
import styles from "./BroadcastPage.module.css";
import { RoomPanel } from "./RoomPanel.tsx";

/** Nobody is reminded of what is on air. */
const RemindButton = lazy(async () => ({
  default: (await import("../features/reminders/RemindButton.tsx")).RemindButton,
}));

/** A broadcast: its sound, and its room beside it. */
export function BroadcastPage(props: { readonly id: string }) {
  const { id } = props;
  const account = useAccount();
  return (
    <ListenPage
      id={id}
      tools={({ title, host, status, scheduledStartTime }) => (
        <div className={styles.tools}>
          {status === "scheduled" ? (
            <Suspense>
              <RemindButton broadcast={{ id, title, scheduledStartTime }} />
            </Suspense>
          ) : null}
          <ShareButton id={id} title={title} />
          {account === null || account.id === host.id ? null : <FollowButton host={host} />}
        </div>
      )}
      beside={(sound) => <RoomPanel id={id} sound={sound} />}
    />
  );
}
