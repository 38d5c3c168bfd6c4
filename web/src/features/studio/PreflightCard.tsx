import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Card } from "../../ui/Screen.tsx";
import type { Check, Verdict } from "./preflight.ts";
import styles from "./studio.module.css";
import type { Studio } from "./use-studio.ts";

const SIGNS = { wait: "wait", pass: "check", warn: "warn", fail: "cross" } as const satisfies Record<
  Verdict,
  string
>;

/** What is looked at before going on air. */
export function PreflightCard(props: { readonly checks: readonly Check[]; readonly studio: Studio }) {
  const { studio } = props;
  const words = strings.studio;
  return (
    <Card title={words.preflight}>
      <ul className={styles.checks}>
        {props.checks.map(({ name, verdict, advice }) => (
          <li key={name} className={styles[verdict]}>
            <Icon name={SIGNS[verdict]} />
            <div>
              <p className={styles.checkName}>
                {words.check[name]} <span className={styles.verdict}>{words.check.state[verdict]}</span>
              </p>
              <p className={styles.advice}>{advice}</p>
            </div>
            {name === "microphone" && studio.heard.phase !== "on" ? (
              <Button
                tone="loud"
                size="small"
                busy={studio.heard.phase === "asking"}
                onPress={() => studio.open(null, studio.treatment)}
              >
                {studio.heard.phase === "failed" ? words.check.again : words.check.ask}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </Card>
  );
}
