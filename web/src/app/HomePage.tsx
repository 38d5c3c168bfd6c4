import { lazy, Suspense } from "react";

import { OnAirPage } from "../features/on-air/OnAirPage.tsx";

const RemindButton = lazy(async () => ({
  default: (await import("../features/reminders/RemindButton.tsx")).RemindButton,
}));

/** What is on air, and what comes next with a way to be reminded of it. */
export function HomePage() {
  return (
    <OnAirPage
      planned={(broadcast) => (
        <Suspense>
          <RemindButton broadcast={broadcast} />
        </Suspense>
      )}
    />
  );
}
