import { strings } from "../../strings.ts";
import { Card, Screen } from "../../ui/Screen.tsx";
import { PasswordForm } from "./PasswordForm.tsx";

/** The station takes nothing else from an account before it has a password that its owner chose. */
export function FirstPasswordPage() {
  const words = strings.auth;
  return (
    <Screen title={words.mustChange} width="narrow">
      <title>{`${words.mustChange} · ${strings.name}`}</title>
      <p>{words.mustChangeHint}</p>
      <Card>
        <PasswordForm />
      </Card>
    </Screen>
  );
}
