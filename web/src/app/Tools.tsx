import { Bell } from "../features/notices/Bell.tsx";
import { Settings } from "./Settings.tsx";
import { Who } from "./Who.tsx";

/** The menus at the top of every page. They open beside it: nobody waits for them who came to listen. */
export function Tools(props: { readonly redraw: () => void }) {
  return (
    <>
      <Bell />
      <Settings redraw={props.redraw} />
      <Who />
    </>
  );
}
