import type { Rules } from "../../signal/protocol.ts";
import type { Room } from "../../signal/room.ts";
import { strings } from "../../strings.ts";
import { Switch } from "../../ui/Field.tsx";
import { Card } from "../../ui/Screen.tsx";

/** Between two messages of one person in slow mode, in seconds. */
const SLOW_SECONDS = 10;

const RULES = ["chat", "links", "guests", "followersOnly"] as const;

/** How the room is kept; a change holds at once. */
export function RulesCard(props: { readonly room: Room; readonly rules: Rules }) {
  const { room, rules } = props;
  const words = strings.studio.rule;
  return (
    <Card title={strings.studio.rules}>
      {RULES.map((rule) => (
        <Switch
          key={rule}
          label={words[rule]}
          checked={rules[rule]}
          onChange={(value) => room.ask({ type: "setRules", [rule]: value })}
        />
      ))}
      <Switch
        label={words.slowMode}
        checked={rules.slowModeSeconds > 0}
        onChange={(slow) => room.ask({ type: "setRules", slowModeSeconds: slow ? SLOW_SECONDS : 0 })}
      />
    </Card>
  );
}
