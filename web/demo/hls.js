import { element, run } from "./form.js";

const { Hls } = window;

run(async (state) => {
  const audio = element("audio");
  const url = element("endpoint").value;
  audio.onplaying = () => {
    state.textContent = "playing";
  };
  audio.onwaiting = () => {
    state.textContent = "waiting for sound";
  };
  if (!Hls?.isSupported()) {
    audio.src = url;
    await audio.play();
    return () => {
      audio.removeAttribute("src");
      audio.load();
    };
  }
  const hls = new Hls({ lowLatencyMode: true });
  window.hls = hls;
  hls.loadSource(url);
  hls.attachMedia(audio);
  await audio.play();
  return () => hls.destroy();
});
