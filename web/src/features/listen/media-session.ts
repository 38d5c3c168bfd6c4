/** What the keys of a headset, a lock screen or a keyboard may ask for. */
export interface MediaKeys {
  readonly play: () => void;
  readonly stop: () => void;
}

/** Shows `title` where the system shows what plays, and listens to its keys. The answer undoes it. */
export function announce(title: string, artist: string, keys: MediaKeys): () => void {
  const session = globalThis.navigator?.mediaSession;
  if (session === undefined) return () => {};
  session.metadata = new MediaMetadata({ title, artist });
  session.setActionHandler("play", keys.play);
  session.setActionHandler("pause", keys.stop);
  session.setActionHandler("stop", keys.stop);
  return () => {
    session.metadata = null;
    for (const action of ["play", "pause", "stop"] as const) session.setActionHandler(action, null);
  };
}
