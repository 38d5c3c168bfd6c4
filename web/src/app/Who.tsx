import { useLocation, useNavigate } from "react-router";

import { session } from "../api/station.ts";
import { keptDevice, turnOff } from "../features/notices/this-browser.ts";
import { useSession } from "../hooks/use-session.ts";
import { strings } from "../strings.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { LinkButton } from "../ui/Button.tsx";
import { Menu, MenuItem, MenuLine } from "../ui/Menu.tsx";
import styles from "./Layout.module.css";

/** Who is signed in, or the way to be. */
export function Who() {
  const who = useSession();
  const { pathname, search } = useLocation();
  const go = useNavigate();
  const words = strings.nav;
  if (who.phase === "unknown") return <span className={styles.unknown} />;
  if (who.phase === "guest") {
    const isThere = pathname === "/sign-in" || pathname === "/register";
    const to = isThere ? search : `?to=${encodeURIComponent(pathname + search)}`;
    return (
      <LinkButton tone="quiet" size="small" to={`/sign-in${to}`}>
        {words.signIn}
      </LinkButton>
    );
  }
  const { displayName, role } = who.account;
  const hosts = role !== "listener";
  const to = (place: string) => () => void go(place);
  return (
    <Menu label={words.me(displayName)} button={<Avatar name={displayName} />}>
      {hosts ? <MenuItem onSelect={to("/broadcasts/new")}>{words.goLive}</MenuItem> : null}
      {hosts ? <MenuItem onSelect={to("/broadcasts")}>{words.mine}</MenuItem> : null}
      {hosts ? <MenuItem onSelect={to("/recordings")}>{words.recordings}</MenuItem> : null}
      <MenuItem onSelect={to("/account")}>{words.account}</MenuItem>
      <MenuItem onSelect={to("/notifications/settings")}>{strings.notices.settingsTitle}</MenuItem>
      {role === "admin" ? <MenuItem onSelect={to("/station")}>{words.admin}</MenuItem> : null}
      <MenuLine />
      <MenuItem onSelect={() => void leave()}>{words.signOut}</MenuItem>
    </Menu>
  );
}

/** Nobody is told here any more what was meant for whoever leaves; they leave also where that cannot be said. */
async function leave(): Promise<void> {
  if (keptDevice() !== null) await turnOff().catch(() => {});
  await session.signOut().catch(() => {});
}
