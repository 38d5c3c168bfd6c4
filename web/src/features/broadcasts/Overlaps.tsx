import { Link } from "react-router";

import type { OwnBroadcast } from "../../api/studio.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Row, Rows } from "../../ui/Screen.tsx";

/** What else is planned for the time of a broadcast that was planned just now. */
export function Overlaps(props: {
  readonly overlaps: NonNullable<OwnBroadcast["overlaps"]>;
  readonly zone: string;
  readonly onClose: () => void;
}) {
  const { overlaps, zone, onClose } = props;
  const words = strings.schedule;
  return (
    <Dialog title={words.overlaps} onClose={onClose}>
      <p>{words.overlapsHint}</p>
      <Rows>
        {overlaps.map(({ id, title, scheduledStartTime }) => (
          <Row
            key={id}
            title={<Link to={`/broadcasts/${encodeURIComponent(id)}`}>{title}</Link>}
            about={scheduledStartTime === null ? undefined : strings.common.dateIn(scheduledStartTime, zone)}
          />
        ))}
      </Rows>
      <div>
        <Button tone="quiet" size="small" onPress={onClose}>
          {words.leaveSo}
        </Button>
      </div>
    </Dialog>
  );
}
