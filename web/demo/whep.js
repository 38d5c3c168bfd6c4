import { element, run } from "./form.js";
import { listen, show } from "./webrtc.js";

run(async (state) => {
  const endpoint = element("endpoint").value;
  const token = element("token").value;
  const session = await listen(endpoint, token, element("audio"), await configuration(endpoint, token));
  window.session = session;
  show(session.peer, state);
  return () => session.close();
});

/** The station's ICE servers, and whether nothing else is to be tried. */
async function configuration(endpoint, token) {
  const id = endpoint.replace(/^.*\//, "");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(`/api/broadcasts/${id}/playback`, { headers });
  const { iceServers = [] } = answer.ok ? await answer.json() : {};
  return { iceServers, iceTransportPolicy: element("relay").checked ? "relay" : "all" };
}
