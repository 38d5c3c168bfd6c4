import { Link } from "react-router";

import { loadReports, type Report, reviewReport } from "../../api/admin.ts";
import { useAction } from "../../hooks/use-action.ts";
import { useList } from "../../hooks/use-list.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { List } from "../../ui/List.tsx";
import { Row } from "../../ui/Screen.tsx";
import { toasts } from "../../ui/toasts.ts";

/** How often they are asked for, in milliseconds. */
const EVERY_MS = 10_000;

/** What people have reported and nobody has looked at. */
export function Reports() {
  const list = useList(loadReports, EVERY_MS);
  return (
    <List
      {...list}
      words={strings.common}
      empty={strings.admin.noReports}
      line={(report) => <Line key={report.id} report={report} again={list.again} />}
    />
  );
}

function Line(props: { report: Report; again: () => void }) {
  const { report, again } = props;
  const words = strings.admin;
  const review = useAction(async (state: "upheld" | "dismissed") => {
    await reviewReport(report.id, state);
    toasts.say(words.reviewed);
    again();
  });
  const reasons: Readonly<Record<string, string>> = strings.room.reasons;
  const about = [strings.common.shortDate(report.createdAt), report.detail, review.failure?.text ?? ""];
  return (
    <Row
      title={
        <Link to={`/b/${encodeURIComponent(report.broadcastId)}`}>
          {reasons[report.reason] ?? report.reason}
        </Link>
      }
      about={about.filter((word) => word !== "").join(" · ")}
      actions={
        <>
          <Button tone="quiet" size="small" onPress={() => review.run("upheld")}>
            {words.uphold}
          </Button>
          <Button tone="plain" size="small" onPress={() => review.run("dismissed")}>
            {words.dismiss}
          </Button>
        </>
      }
    />
  );
}
