/** How far the system's own seek keys go where they do not say, in seconds. */
const SEEK_SECONDS = 30;

/** What the keys of a headset, a lock screen or a keyboard may ask for; what is left out is not offered there. */
export interface MediaKeys {
  readonly play: () => void;
  readonly pause: () => void;
  readonly stop?: () => void;
  /** So many seconds forward, or back where they are negative. */
  readonly step?: (seconds: number) => void;
  /** To a second of the whole. */
  readonly seek?: (position: number) => void;
}

/** Shows `title` where the system shows what plays, and listens to its keys. The answer undoes it. */
export function announce(title: string, artist: string, keys: MediaKeys): () => void {
  const session = globalThis.navigator?.mediaSession;
  if (session === undefined) return () => {};
  session.metadata = new MediaMetadata({ title, artist });
  const { play, pause, stop, step, seek } = keys;
  const handlers: [MediaSessionAction, MediaSessionActionHandler | undefined][] = [
    ["play", play],
    ["pause", pause],
    ["stop", stop],
    ["seekbackward", step && (({ seekOffset }) => step(-(seekOffset ?? SEEK_SECONDS)))],
    ["seekforward", step && (({ seekOffset }) => step(seekOffset ?? SEEK_SECONDS))],
    ["seekto", seek && (({ seekTime }) => seek(seekTime ?? 0))],
  ];
  for (const [action, handler] of handlers) session.setActionHandler(action, handler ?? null);
  return () => {
    session.metadata = null;
    for (const [action] of handlers) session.setActionHandler(action, null);
  };
}
