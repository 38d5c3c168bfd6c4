import { loadAudit } from "../../api/admin.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Row } from "../../ui/Screen.tsx";
import { List } from "./List.tsx";

/** How often it is asked for, in milliseconds. */
const EVERY_MS = 10_000;

/** What was done, and by whom. */
export function Audit() {
  const { watched } = useWatch(loadAudit, EVERY_MS);
  const words = strings.admin;
  return (
    <List
      watched={watched}
      empty={words.noEntries}
      line={({ id, action, at, actorId, address, subjectKind, subjectId }) => (
        <Row
          key={id}
          title={<bdi dir="ltr">{action}</bdi>}
          about={[
            strings.common.shortDate(at),
            words.by(actorId ?? words.system),
            address ?? "",
            subjectKind === null ? "" : `${subjectKind} ${subjectId ?? ""}`,
          ]
            .filter((word) => word !== "")
            .join(" · ")}
        />
      )}
    />
  );
}
