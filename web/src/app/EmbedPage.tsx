import { ListenPage } from "../features/listen/ListenPage.tsx";
import { strings } from "../strings.ts";
import styles from "./EmbedPage.module.css";

/** The small player, for a frame on pages of others. */
export function EmbedPage(props: { readonly id: string }) {
  const { id } = props;
  return (
    <main className={styles.embed}>
      <ListenPage
        id={id}
        small
        tools={() => (
          <a className={styles.link} href={`/b/${encodeURIComponent(id)}`} target="_blank" rel="noopener">
            {strings.embed.openHere}
          </a>
        )}
      />
    </main>
  );
}
