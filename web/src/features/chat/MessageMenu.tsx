import { useState } from "react";

import type { ReportReason } from "../../signal/protocol.ts";
import type { Room } from "../../signal/room.ts";
import type { Message } from "../../signal/room-state.ts";
import { strings } from "../../strings.ts";
import { Confirm } from "../../ui/Dialog.tsx";
import { Select, TextArea } from "../../ui/Field.tsx";
import { FormDialog } from "../../ui/FormDialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/Menu.tsx";
import { toasts } from "../../ui/toasts.ts";

/** How long somebody only listens who is given a time-out, in seconds. */
const TIME_OUT_SECONDS = 600;

/** What can be done about a message, and about who wrote it. */
export function MessageMenu(props: {
  readonly room: Room;
  readonly message: Message;
  readonly isOwn: boolean;
  readonly isCrew: boolean;
  readonly isPinned: boolean;
}) {
  const { room, message, isOwn, isCrew, isPinned } = props;
  const [asking, setAsking] = useState<"nothing" | "report" | "ban">("nothing");
  const { author, id: messageId } = message;
  const userId = author.id;
  const words = strings.room;
  const pin = () => room.ask({ type: isPinned ? "unpinMessage" : "pinMessage", messageId });
  return (
    <>
      <Menu label={strings.common.actions(author.name)} button={<Icon name="more" />}>
        {isCrew ? <MenuItem onSelect={pin}>{isPinned ? words.unpin : words.pin}</MenuItem> : null}
        {isCrew || isOwn ? (
          <MenuItem onSelect={() => room.ask({ type: "deleteMessage", messageId })}>{words.delete}</MenuItem>
        ) : null}
        {isOwn ? null : <MenuItem onSelect={() => setAsking("report")}>{words.report}</MenuItem>}
        {isCrew && !isOwn && userId !== null ? (
          <>
            <MenuLine />
            <MenuItem onSelect={() => room.ask({ type: "inviteToStage", userId })}>{words.invite}</MenuItem>
            <MenuItem onSelect={() => room.ask({ type: "timeOut", userId, seconds: TIME_OUT_SECONDS })}>
              {words.timeOut}
            </MenuItem>
            <MenuItem onSelect={() => room.ask({ type: "remove", userId })}>{words.remove}</MenuItem>
            <MenuItem danger onSelect={() => setAsking("ban")}>
              {words.ban}
            </MenuItem>
          </>
        ) : null}
      </Menu>
      {asking === "report" ? (
        <Report room={room} messageId={messageId} onClose={() => setAsking("nothing")} />
      ) : null}
      {asking === "ban" && userId !== null ? (
        <Confirm
          title={words.banTitle(author.name)}
          hint={words.banHint}
          yes={words.ban}
          no={strings.common.cancel}
          onNo={() => setAsking("nothing")}
          onYes={() => {
            room.ask({ type: "ban", userId });
            setAsking("nothing");
          }}
        />
      ) : null}
    </>
  );
}

function Report(props: { room: Room; messageId: string; onClose: () => void }) {
  const { room, messageId, onClose } = props;
  const [reason, setReason] = useState<ReportReason>("spam");
  const [detail, setDetail] = useState("");
  const words = strings.room;
  const send = () => {
    const own = detail.trim() === "" ? {} : { detail: detail.trim() };
    if (room.ask({ type: "report", messageId, reason, ...own })) toasts.say(words.reported);
    onClose();
  };
  return (
    <FormDialog
      title={words.reportTitle}
      hint={words.reportHint}
      yes={words.report}
      no={strings.common.cancel}
      onSubmit={send}
      onClose={onClose}
    >
      <Select
        label={words.reason}
        value={reason}
        options={Object.entries(words.reasons) as [ReportReason, string][]}
        onChange={setReason}
      />
      <TextArea
        label={`${words.detail} (${strings.common.optional})`}
        maxLength={1000}
        value={detail}
        onChange={(event) => setDetail(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
