import { AccountPage } from "../features/account/AccountPage.tsx";
import { PasswordForm } from "../features/auth/PasswordForm.tsx";
import { Keys } from "../features/keys/Keys.tsx";

/** The account of whoever is signed in. */
export function AccountRoute() {
  return <AccountPage password={<PasswordForm />} keys={<Keys whose="own" />} />;
}
