import { useState } from "react";

import { loadUsage, type UsageDay, type UsageSum } from "../../api/admin.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Select } from "../../ui/Field.tsx";
import { Notice, Row, Rows } from "../../ui/Screen.tsx";
import styles from "./usage.module.css";

/** How often it is asked for, in milliseconds: today grows by the minute. */
const EVERY_MS = 30_000;

/** For how many days. */
const SPANS = ["7", "14", "31"] as const;

type Span = (typeof SPANS)[number];

/** How much was listened, day by day, and about what that costs. */
export function Usage() {
  const [span, setSpan] = useState<Span>("7");
  const words = strings.usage;
  return (
    <>
      <Select
        label={words.span}
        value={span}
        options={SPANS.map((days) => [days, words.days(Number(days))] as const)}
        onChange={setSpan}
      />
      <Days key={span} days={Number(span)} />
    </>
  );
}

function Days(props: { days: number }) {
  const { days } = props;
  const { watched } = useWatch((signal) => loadUsage(days, signal), EVERY_MS);
  const known = watched.status === "loading" ? null : watched.value;
  const words = strings.usage;
  if (known === null) {
    return (
      <Notice
        busy
        title={watched.status === "loading" ? strings.common.loading : strings.common.unreachable}
      />
    );
  }
  return (
    <>
      <Bars days={known.days} />
      <Rows>
        <Row title={words.together} about={aboutOf(known.total)} />
        {known.days.toReversed().map((day) => (
          <Row key={day.day} title={strings.common.day(day.day)} about={aboutOf(day)} />
        ))}
      </Rows>
      <p className={styles.hint}>{words.reckoned(known.prices)}</p>
    </>
  );
}

function aboutOf(sum: UsageSum): string {
  const words = strings.usage;
  if (sum.broadcasts === 0) return words.nothing;
  return [
    words.broadcasts(sum.broadcasts, sum.minutes / 60),
    words.listened(minutesOf(sum) / 60),
    words.byWay(sum.webrtcMinutes / 60, sum.hlsMinutes / 60),
    words.bytes((sum.webrtcBytes + sum.hlsBytes) / 1e9),
    words.dollars(sum.dollars),
  ].join(" · ");
}

const minutesOf = ({ webrtcMinutes, hlsMinutes }: UsageSum) => webrtcMinutes + hlsMinutes;

/** How tall the tallest bar is, and how wide each with the gap beside it. */
const HEIGHT = 60;
const WIDTH = 10;

/** How the days compare; the list below says the same in words. */
function Bars(props: { days: readonly UsageDay[] }) {
  const { days } = props;
  const most = Math.max(1, ...days.map(minutesOf));
  return (
    <svg
      className={styles.bars}
      viewBox={`0 0 ${days.length * WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {days.map((day, place) => {
        const height = (minutesOf(day) / most) * HEIGHT;
        return (
          <rect key={day.day} x={place * WIDTH + 1} y={HEIGHT - height} width={WIDTH - 2} height={height} />
        );
      })}
    </svg>
  );
}
