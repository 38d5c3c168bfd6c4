import { Link, Outlet } from "react-router";

import { strings } from "../strings.ts";
import styles from "./Layout.module.css";

/** What stands around every page. */
export function Layout() {
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
      </header>
      <main id="content" tabIndex={-1} className={styles.main}>
        <Outlet />
      </main>
      <footer className={styles.footer}>{strings.footer}</footer>
    </div>
  );
}
