import styles from "./Lamp.module.css";

/** The small sign that says whether something is live. */
export function Lamp(props: { lit: boolean; label: string }) {
  return <span className={`${styles.lamp} ${props.lit ? styles.lit : ""}`}>{props.label}</span>;
}
