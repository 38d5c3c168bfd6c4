import { sendTestMail } from "../../api/admin.ts";
import { type Config, loadConfig } from "../../api/config.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useAccount } from "../../hooks/use-session.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice, Row, Rows } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";

/** How often it is asked for, in milliseconds: it changes with a new start of the station alone. */
const EVERY_MS = 30_000;

/** What the station lets people do, as it was started; and whether its letters arrive. */
export function InForce() {
  const { watched } = useWatch(loadConfig, EVERY_MS);
  const known = watched.status === "loading" ? null : watched.value;
  if (known === null) {
    return (
      <Notice
        busy
        title={watched.status === "loading" ? strings.common.loading : strings.common.unreachable}
      />
    );
  }
  return (
    <Rows>
      {linesOf(known).map(([name, value]) => (
        <Row key={name} title={name} about={value} />
      ))}
      <Mail isSent={known.email} />
    </Rows>
  );
}

function linesOf(config: Config): readonly (readonly [string, string])[] {
  const words = strings.inForce;
  const registrations: Readonly<Record<string, string>> = words.registrations;
  const yes = (is: boolean) => (is ? words.yes : words.no);
  return [
    [words.version, config.version],
    [words.registration, registrations[config.registration] ?? config.registration],
    [words.goLive, yes(config.goLive)],
    [words.webrtc, yes(config.webrtc)],
    [words.hls, yes(config.hls)],
    [words.latencies, config.latencyModes.join(" · ")],
    [words.profiles, config.audioProfiles.join(" · ")],
    [words.speakers, strings.common.number(config.limits.maxSpeakers)],
  ];
}

function Mail(props: { isSent: boolean }) {
  const { isSent } = props;
  const account = useAccount();
  const words = strings.inForce;
  const send = useAction(async () => {
    await sendTestMail();
    toasts.say(words.mailSent);
  });
  return (
    <Row
      title={words.mail}
      about={send.failure?.text ?? (isSent ? words.mailHint(account?.email ?? "") : strings.notices.noEmail)}
      actions={
        isSent ? (
          <Button tone="quiet" size="small" busy={send.busy} onPress={send.run}>
            {words.mailTest}
          </Button>
        ) : undefined
      }
    />
  );
}
