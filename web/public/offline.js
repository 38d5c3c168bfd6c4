// What the page for when there is no connection does: speaks the language and has the colours that were chosen, and
// opens what was asked for as soon as the station answers.

/** How often it is asked, in milliseconds. */
const EVERY_MS = 5000;

/** What was chosen by hand; a browser that keeps nothing has no choice of its own. */
function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

const language = kept("onair.language") ?? navigator.languages[0] ?? "en";
if (language.toLowerCase().split("-")[0] === "ar") {
  for (const main of document.querySelectorAll("main")) main.hidden = main.lang !== "ar";
  document.documentElement.lang = "ar";
  document.documentElement.dir = "rtl";
}
const scheme = kept("onair.scheme");
if (scheme !== null) document.documentElement.dataset.scheme = scheme;

const open = () => location.reload();
for (const button of document.querySelectorAll("button")) button.addEventListener("click", open);
addEventListener("online", open);
setInterval(() => {
  if (document.hidden) return;
  const within = AbortSignal.timeout(EVERY_MS);
  fetch("/healthz", { cache: "no-store", signal: within }).then(
    ({ ok }) => {
      if (ok) open();
    },
    // Not yet.
    () => {},
  );
}, EVERY_MS);
