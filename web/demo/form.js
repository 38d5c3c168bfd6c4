// What the pages have in common: a form that starts something and a button that stops it.

/** @param {string} id */
export const element = (id) => document.getElementById(id);

/** Fills the form from the page's address, and runs `start`; it returns what stops it again. */
export function run(start) {
  const [form, startButton, stopButton, state] = ["form", "start", "stop", "state"].map(element);
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = element(name);
    if (field instanceof HTMLInputElement) field.value = value;
  }
  let stop = null;
  const running = (is) => {
    startButton.disabled = is;
    stopButton.disabled = !is;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    running(true);
    try {
      stop = await start(state);
    } catch (error) {
      state.textContent = `failed: ${error.message}`;
      running(false);
    }
  });
  stopButton.addEventListener("click", async () => {
    await stop?.();
    stop = null;
    state.textContent = "idle";
    running(false);
  });
}
