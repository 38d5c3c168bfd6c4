import { loadAudit } from "../../api/admin.ts";
import { useList } from "../../hooks/use-list.ts";
import { strings } from "../../strings.ts";
import { List } from "../../ui/List.tsx";
import { Row } from "../../ui/Screen.tsx";

/** How often it is asked for, in milliseconds. */
const EVERY_MS = 10_000;

/** What was done, and by whom. */
export function Audit() {
  const list = useList(loadAudit, EVERY_MS);
  const words = strings.admin;
  return (
    <List
      {...list}
      words={strings.common}
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
