import { useEffect } from "react";
import { Link } from "react-router";

import { followNotices, loadUnread } from "../../api/notices.ts";
import { useAccount } from "../../hooks/use-session.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Icon } from "../../ui/Icon.tsx";
import styles from "./notices.module.css";

/** How often the station is asked, in milliseconds; also when the page is looked at again. */
const EVERY_MS = 60_000;

/** More is not worth counting at a glance. */
const MOST = 99;

/** The way to what one was told, with how much of it is new; nothing for a guest. */
export function Bell() {
  const account = useAccount();
  return account === null ? null : <Unread key={account.id} />;
}

function Unread() {
  const { watched, again } = useWatch(loadUnread, EVERY_MS);
  useEffect(() => followNotices(again), [again]);
  const unread = watched.status === "loading" ? 0 : (watched.value ?? 0);
  const shown = unread > MOST ? `${strings.common.number(MOST)}+` : strings.common.number(unread);
  return (
    <Link to="/notifications" className={styles.bell} aria-label={strings.notices.bell(unread)}>
      <Icon name="bell" />
      {unread === 0 ? null : (
        <span className={styles.count} aria-hidden="true">
          {shown}
        </span>
      )}
    </Link>
  );
}
