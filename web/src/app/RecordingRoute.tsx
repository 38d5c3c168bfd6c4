import { PastPolls } from "../features/polls/PastPolls.tsx";
import { RecordingPage } from "../features/recordings/RecordingPage.tsx";

/** A recording, and what was asked while it was made. */
export function RecordingRoute(props: { readonly id: string }) {
  return (
    <RecordingPage id={props.id} beside={({ broadcastId }) => <PastPolls broadcastId={broadcastId} />} />
  );
}
