import { useState } from "react";

import { setFollow } from "../../api/account.ts";
import { useAction } from "../../hooks/use-action.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { toasts } from "../../ui/toasts.ts";

/** Follows a host. The station does not tell whether one does already; saying it twice changes nothing. */
export function FollowButton(props: {
  readonly host: { readonly id: string; readonly displayName: string };
}) {
  const { host } = props;
  const [follows, setFollows] = useState(false);
  const words = strings.share;
  const action = useAction(async () => {
    await setFollow(host.id, !follows);
    setFollows(!follows);
    toasts.say(follows ? words.unfollowed(host.displayName) : words.followed(host.displayName));
  });
  return (
    <>
      <Button tone="quiet" size="small" pressed={follows} busy={action.busy} onPress={action.run}>
        <Icon name="heart" />
        {follows ? words.following : words.follow}
      </Button>
      <span role="alert">{action.failure?.text ?? ""}</span>
    </>
  );
}
