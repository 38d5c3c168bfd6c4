import { type CSSProperties, useEffect, useState } from "react";

import { refreshAll } from "../api/watch.ts";
import { strings } from "../strings.ts";
import { Pull } from "../ui/pull.ts";
import styles from "./PullToRefresh.module.css";

/** A page that is pulled down asks for everything on it anew; what plays goes on. */
export function PullToRefresh() {
  const [share, setShare] = useState(0);
  useEffect(() => {
    const pull = new Pull();
    const controller = new AbortController();
    const passive = { passive: true, signal: controller.signal };
    const show = () => setShare(pull.share);
    const onStart = ({ touches }: TouchEvent) => pull.touch([...touches], scrollY);
    const onMove = ({ touches }: TouchEvent) => {
      pull.move([...touches]);
      show();
    };
    const onEnd = () => {
      if (pull.release()) refreshAll();
      show();
    };
    const onCancel = () => {
      pull.cancel();
      show();
    };
    document.addEventListener("touchstart", onStart, passive);
    document.addEventListener("touchmove", onMove, passive);
    document.addEventListener("touchend", onEnd, passive);
    document.addEventListener("touchcancel", onCancel, passive);
    return () => controller.abort();
  }, []);
  if (share === 0) return null;
  return (
    <p className={styles.pull} style={{ "--share": share } as CSSProperties} aria-hidden="true">
      {share === 1 ? strings.common.letGo : strings.common.pull}
    </p>
  );
}
