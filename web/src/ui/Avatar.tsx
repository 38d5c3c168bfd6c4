import styles from "./Avatar.module.css";

/** Somebody's picture, or the first letter of their name on a colour of its own. Decoration beside the name. */
export function Avatar(props: {
  readonly name: string;
  readonly url?: string | null;
  readonly size?: "small" | "big";
}) {
  const { name, url, size = "small" } = props;
  const className = `${styles.avatar} ${styles[size]}`;
  if (url) return <img className={className} src={url} alt="" loading="lazy" />;
  const hue = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
  return (
    <span className={className} style={{ "--hue": hue } as React.CSSProperties} aria-hidden="true">
      {[...name.trim()][0]?.toUpperCase() ?? "?"}
    </span>
  );
}
