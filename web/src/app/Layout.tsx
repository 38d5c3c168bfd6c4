import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { Link, NavLink, Outlet, useLocation } from "react-router";

import { useAccount } from "../hooks/use-session.ts";
import { strings } from "../strings.ts";
import { Notice } from "../ui/Screen.tsx";
import { Toaster } from "../ui/Toaster.tsx";
import { isOutdated } from "./freshness.ts";
import styles from "./Layout.module.css";

const FirstPasswordPage = lazy(async () => ({
  default: (await import("../features/auth/FirstPasswordPage.tsx")).FirstPasswordPage,
}));

/** WebKit alone has this, and no pull of its own in an app on the home screen. */
const needsPull = "standalone" in navigator && navigator.standalone === true;

const PullToRefresh = lazy(async () => ({ default: (await import("./PullToRefresh.tsx")).PullToRefresh }));

const Tools = lazy(async () => ({ default: (await import("./Tools.tsx")).Tools }));

/** What stands around every page. */
export function Layout(props: { readonly redraw: () => void }) {
  const account = useAccount();
  const isOnline = useSyncExternalStore(followConnection, () => navigator.onLine);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is what it happens for.
  useEffect(() => {
    // Whatever the last page played is over, and nothing has been done on this one: it begins with the newest build.
    if (isOutdated()) location.reload();
  }, [pathname]);
  const hosts = account !== null && account.role !== "listener";
  const words = strings.nav;
  return (
    <div className={styles.page}>
      <a className={styles.skip} href="#content">
        {strings.skip}
      </a>
      <header className={styles.header}>
        <Link to="/" className={styles.home} aria-label={strings.home}>
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <circle cx="16" cy="16" r="4" />
            <path d="M9.6 9.6a9 9 0 0 0 0 12.8M22.4 9.6a9 9 0 0 1 0 12.8" />
          </svg>
          {strings.name}
        </Link>
        {hosts ? (
          <nav className={styles.nav} aria-label={words.label}>
            <NavLink to="/" end>
              {words.onAir}
            </NavLink>
            <NavLink to="/broadcasts">{words.mine}</NavLink>
            <NavLink to="/recordings">{words.recordings}</NavLink>
            {account.role === "admin" ? <NavLink to="/station">{words.admin}</NavLink> : null}
          </nav>
        ) : null}
        <div className={styles.tools}>
          <Suspense>
            <Tools redraw={props.redraw} />
          </Suspense>
        </div>
      </header>
      <div role="status">{isOnline ? null : <p className={styles.offline}>{words.offline}</p>}</div>
      <main id="content" tabIndex={-1} className={styles.main}>
        <Suspense fallback={<Notice busy title={strings.common.loading} />}>
          {account?.mustChangePassword ? <FirstPasswordPage /> : <Outlet />}
        </Suspense>
      </main>
      <footer className={styles.footer}>{strings.footer}</footer>
      <Suspense>{needsPull ? <PullToRefresh /> : null}</Suspense>
      <Toaster />
    </div>
  );
}

function followConnection(listener: () => void): () => void {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}
