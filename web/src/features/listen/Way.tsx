import type { Choice, Receiver, Route } from "../../media/receiver.ts";
import { strings } from "../../strings.ts";
import styles from "./listen.module.css";

const CHOICES: readonly Choice[] = ["auto", "webrtc", "hls"];

/** By which way the sound comes, as it is, and which way the person wants. */
export function Way(props: { player: Receiver; route: Route }) {
  const { player, route } = props;
  const words = strings.listen.way;
  return (
    <div className={styles.option}>
      <label className={styles.choice}>
        <span>{words.label}</span>
        <select
          value={route.choice}
          onChange={(event) => {
            const choice = CHOICES.find((choice) => choice === event.currentTarget.value);
            if (choice !== undefined) player.choose(choice);
          }}
        >
          {CHOICES.map((choice) => (
            <option key={choice} value={choice}>
              {words.choice[choice]}
            </option>
          ))}
        </select>
      </label>
      <p>
        {route.heard === null ? "" : words.heard[route.heard]}
        {route.movingTo === null ? "" : ` ${words.movingTo[route.movingTo]}`}
      </p>
    </div>
  );
}
