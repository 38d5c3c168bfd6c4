import type { Chapter } from "../../api/recordings.ts";
import { strings } from "../../strings.ts";
import styles from "./recording.module.css";

/** A list that leads to each chapter, and shows which one is heard. */
export function Chapters(props: {
  chapters: readonly Chapter[];
  position: number;
  onPick: (chapter: Chapter) => void;
}) {
  const { chapters, position, onPick } = props;
  if (chapters.length === 0) return null;
  const heard = chapters.findLast((chapter) => chapter.startTime <= position);
  return (
    <section className={styles.section}>
      <h2>{strings.recording.chapters}</h2>
      <ol className={styles.chapters}>
        {chapters.map((chapter) => (
          <li key={`${chapter.startTime} ${chapter.title}`}>
            <button
              type="button"
              onClick={() => onPick(chapter)}
              aria-current={chapter === heard ? "true" : undefined}
            >
              <span>{strings.recording.length(chapter.startTime)}</span> {chapter.title}
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
