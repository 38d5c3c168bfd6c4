import type { ReactNode } from "react";
import { useNavigate } from "react-router";

import { language, strings } from "../../strings.ts";
import { Card, Screen } from "../../ui/Screen.tsx";
import { Tabs } from "../../ui/Tabs.tsx";
import { Audit } from "./Audit.tsx";
import { InForce } from "./InForce.tsx";
import { Invitations } from "./Invitations.tsx";
import { Jobs } from "./Jobs.tsx";
import { Live } from "./Live.tsx";
import { People } from "./People.tsx";
import { Reports } from "./Reports.tsx";
import { Usage } from "./Usage.tsx";

const TABS = [
  "overview",
  "users",
  "reports",
  "audit",
  "keys",
  "invitations",
  "usage",
  "jobs",
  "settings",
] as const;

type Tab = (typeof TABS)[number];

/** What whoever runs the station sees of it. */
export function AdminPage(props: { readonly tab: string; readonly keys: ReactNode }) {
  const go = useNavigate();
  const words = strings.admin;
  const tab = TABS.find((name) => name === props.tab) ?? "overview";
  return (
    <Screen title={words.title}>
      <title>{`${words.title} · ${strings.name}`}</title>
      <Tabs
        label={words.title}
        dir={language() === "ar" ? "rtl" : "ltr"}
        value={tab}
        tabs={TABS.map((name) => [name, words[name]] as const)}
        onChange={(name) => void go(`/station/${name}`)}
      >
        <Card>
          <Page key={tab} tab={tab} keys={props.keys} />
        </Card>
      </Tabs>
    </Screen>
  );
}

function Page(props: { tab: Tab; keys: ReactNode }) {
  switch (props.tab) {
    case "overview":
      return <Live />;
    case "users":
      return <People />;
    case "reports":
      return <Reports />;
    case "audit":
      return <Audit />;
    case "keys":
      return props.keys;
    case "invitations":
      return <Invitations />;
    case "usage":
      return <Usage />;
    case "jobs":
      return <Jobs />;
    case "settings":
      return <InForce />;
  }
}
