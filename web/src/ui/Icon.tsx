import styles from "./Icon.module.css";

/** Strokes on a square of 24. */
const SHAPES = {
  mic: "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5 11a7 7 0 0 0 14 0M12 18v3",
  micOff:
    "M3 3l18 18M9 9v3a3 3 0 0 0 5 2M15 11V6a3 3 0 0 0-6-1M5 11a7 7 0 0 0 11 5.7M19 11a7 7 0 0 1-.5 2.6M12 18v3",
  hand: "M8 12V5.5a1.5 1.5 0 0 1 3 0V11m0-6.5a1.5 1.5 0 0 1 3 0V11m0-5a1.5 1.5 0 0 1 3 0v8a7 7 0 0 1-7 7 7 7 0 0 1-6-3.5L2.6 14a1.6 1.6 0 0 1 2.7-1.6L8 15",
  send: "M4 12l16-8-6 16-3-7z",
  share: "M12 15V3m0 0L8 7m4-4l4 4M5 13v6a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-6",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6 6l12 12M18 6L6 18",
  warn: "M12 8v5m0 3.5h.01M12 3l9.5 17h-19z",
  wait: "M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  pin: "M9 4h6l-1 6 3 3v2H7v-2l3-3zM12 15v6",
  globe: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.5-6 8-6s8 2 8 6",
  wave: "M4 10v4M8 7v10M12 4v16M16 8v8M20 10v4",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 21h4",
  up: "M12 19V5m0 0l-6 6m6-6l6 6",
  cast: "M3 8V6a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-5M3 12a8 8 0 0 1 8 8M3 16a4 4 0 0 1 4 4M3 20h.01",
  plus: "M12 5v14M5 12h14",
  heart: "M12 20C5 15 3 11.5 3 8.5A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 9 1.5C21 11.5 19 15 12 20z",
} as const;

/** These point the way that is read. */
const POINTING: readonly string[] = ["send"];

/** A sign beside words; decoration, so nothing is read out. */
export function Icon(props: { readonly name: keyof typeof SHAPES }) {
  return (
    <svg
      className={`${styles.icon} ${POINTING.includes(props.name) ? styles.pointing : ""}`}
      viewBox="0 0 24 24"
      aria-hidden="true"
    >
      <path d={SHAPES[props.name]} />
    </svg>
  );
}
