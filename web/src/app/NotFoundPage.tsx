import { Link } from "react-router";

import { strings } from "../strings.ts";
import styles from "./NotFoundPage.module.css";

/** An address that leads nowhere. */
export function NotFoundPage() {
  return (
    <section className={styles.page}>
      <title>{`${strings.notFound.title} · ${strings.name}`}</title>
      <h1>{strings.notFound.title}</h1>
      <p>{strings.notFound.hint}</p>
      <p>
        <Link to="/">{strings.notFound.back}</Link>
      </p>
    </section>
  );
}
