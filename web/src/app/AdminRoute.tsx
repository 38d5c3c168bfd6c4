import { AdminPage } from "../features/admin/AdminPage.tsx";
import { Keys } from "../features/keys/Keys.tsx";

/** The station, for whoever runs it. */
export function AdminRoute(props: { readonly tab: string }) {
  return <AdminPage tab={props.tab} keys={<Keys whose="everybody" />} />;
}
