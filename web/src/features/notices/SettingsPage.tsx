import { strings } from "../../strings.ts";
import { LinkButton } from "../../ui/Button.tsx";
import { Screen } from "../../ui/Screen.tsx";
import { CalendarCard } from "./CalendarCard.tsx";
import { DevicesCard } from "./DevicesCard.tsx";
import { WantedCard } from "./WantedCard.tsx";

/** What one wants to be told, where, and one's calendar. */
export function NoticeSettingsPage() {
  const words = strings.notices;
  return (
    <Screen
      title={words.settingsTitle}
      width="narrow"
      actions={
        <LinkButton tone="quiet" size="small" to="/notifications">
          {words.title}
        </LinkButton>
      }
    >
      <title>{`${words.settingsTitle} · ${strings.name}`}</title>
      <WantedCard />
      <DevicesCard />
      <CalendarCard />
    </Screen>
  );
}
