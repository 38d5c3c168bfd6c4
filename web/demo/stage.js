import { element, run } from "./form.js";
import { show, speak } from "./webrtc.js";

run(async (state) => {
  state.textContent = "asking for the microphone";
  // Whoever hears others at the same time must not send them back.
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  const voices = element("voices");
  const hear = (track, slot) => {
    const player = document.createElement("audio");
    player.autoplay = true;
    player.srcObject = new MediaStream([track]);
    player.dataset.slot = slot;
    voices.append(player);
  };
  const session = await speak(element("endpoint").value, element("token").value, stream, hear);
  window.session = session;
  show(session.peer, state);
  const events = new EventSource(session.url);
  events.addEventListener("slots", ({ data }) => {
    const { slots } = JSON.parse(data);
    const there = slots.filter((slot) => slot !== null);
    element("others").textContent = `${there.length} others are heard`;
  });
  return async () => {
    events.close();
    for (const track of stream.getTracks()) track.stop();
    voices.replaceChildren();
    await session.close();
  };
});
