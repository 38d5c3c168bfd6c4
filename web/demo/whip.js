import { element, run } from "./form.js";
import { publish, show } from "./webrtc.js";

run(async (state) => {
  state.textContent = "asking for the microphone";
  // A voice is best heard as it is: the programme has a limiter of its own.
  const audio = { echoCancellation: true, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  const session = await publish(element("endpoint").value, element("token").value, stream);
  window.session = session;
  show(session.peer, state);
  return async () => {
    for (const track of stream.getTracks()) track.stop();
    await session.close();
  };
});
