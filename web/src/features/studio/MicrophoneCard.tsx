import type { Treatment } from "../../media/microphone.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Select, Switch } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { LevelMeter } from "../../ui/LevelMeter.tsx";
import { Card } from "../../ui/Screen.tsx";
import styles from "./studio.module.css";
import type { Studio } from "./use-studio.ts";

/** The microphone: which, how it is treated, how loud it is, and silence by a press. */
export function MicrophoneCard(props: { readonly studio: Studio; readonly isSending: boolean }) {
  const { studio, isSending } = props;
  const { heard, treatment, devices, microphone } = studio;
  const words = strings.studio;
  if (heard.phase !== "on") return null;
  const change = (what: Partial<Treatment>) => studio.open(heard.deviceId, { ...treatment, ...what });
  const text = (decibels: number) =>
    Number.isFinite(decibels) ? words.peak(strings.common.number(decibels)) : words.silent;
  return (
    <Card
      title={words.microphone}
      actions={
        <Button
          tone={heard.isMuted ? "loud" : "quiet"}
          size="small"
          pressed={heard.isMuted}
          onPress={() => microphone.mute(!heard.isMuted)}
        >
          <Icon name={heard.isMuted ? "micOff" : "mic"} />
          {heard.isMuted ? words.unmute : words.mute}
        </Button>
      }
    >
      <LevelMeter label={words.level} read={() => microphone.level().peak} text={text} />
      <p className={styles.peak}>{heard.isMuted ? words.mutedNow : text(studio.peak)}</p>
      <Select
        label={words.device}
        value={heard.deviceId ?? ""}
        options={[
          ["", words.defaultDevice] as const,
          ...devices.map(
            ({ id, label }, nth) => [id, label === "" ? words.unnamed(nth + 1) : label] as const,
          ),
        ]}
        onChange={(id) => studio.open(id === "" ? null : id, treatment)}
      />
      <Switch
        label={words.echo}
        hint={words.echoHint}
        checked={treatment.echo && !treatment.music}
        disabled={treatment.music}
        onChange={(echo) => change({ echo })}
      />
      <Switch
        label={words.noise}
        checked={treatment.noise && !treatment.music}
        disabled={treatment.music}
        onChange={(noise) => change({ noise })}
      />
      <Switch
        label={words.gain}
        checked={treatment.gain && !treatment.music}
        disabled={treatment.music}
        onChange={(gain) => change({ gain })}
      />
      <Switch
        label={words.music}
        hint={words.musicHint}
        checked={treatment.music}
        // What is sent is agreed on at the beginning.
        disabled={isSending}
        onChange={(music) => change({ music })}
      />
    </Card>
  );
}
