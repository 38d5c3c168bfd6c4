import { AccountPage } from "../features/account/AccountPage.tsx";
import { PasswordForm } from "../features/auth/PasswordForm.tsx";

/** The account of whoever is signed in. */
export function AccountRoute() {
  return <AccountPage password={<PasswordForm />} />;
}
