import { Outlet, useLocation } from "react-router";

import type { Account } from "../api/session.ts";
import { useSession } from "../hooks/use-session.ts";
import { strings } from "../strings.ts";
import { LinkButton } from "../ui/Button.tsx";
import { Notice } from "../ui/Screen.tsx";

/** Pages for people with an account that may do this. */
export function Signed(props: { readonly who: "anybody" | "hosts" | "admins" }) {
  const session = useSession();
  const { pathname, search } = useLocation();
  const words = strings.auth;
  if (session.phase === "unknown") return <Notice busy title={strings.common.loading} />;
  if (session.phase === "guest") {
    return (
      <Notice title={words.needed} hint={words.neededHint}>
        <LinkButton tone="loud" to={`/sign-in?to=${encodeURIComponent(pathname + search)}`}>
          {words.signIn}
        </LinkButton>
      </Notice>
    );
  }
  return may(session.account, props.who) ? (
    <Outlet />
  ) : (
    <Notice title={words.notAllowed} hint={words.notAllowedHint} />
  );
}

function may({ role }: Account, who: "anybody" | "hosts" | "admins"): boolean {
  if (who === "anybody") return true;
  return role === "admin" || (who === "hosts" && role === "host");
}
