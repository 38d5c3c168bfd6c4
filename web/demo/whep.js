import { element, run } from "./form.js";
import { listen, show } from "./webrtc.js";

run(async (state) => {
  const audio = element("audio");
  const session = await listen(element("endpoint").value, element("token").value, audio);
  window.session = session;
  show(session.peer, state);
  return () => session.close();
});
