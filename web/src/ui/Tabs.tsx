import { Tabs as RadixTabs } from "radix-ui";
import { type ReactNode, useEffect, useRef } from "react";

import styles from "./Tabs.module.css";

/** Several pages in one place; arrows go from one to the next. */
export function Tabs<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly tabs: readonly (readonly [T, string])[];
  /** The page of the tab that is chosen. */
  readonly children: ReactNode;
  readonly dir: "ltr" | "rtl";
}) {
  const { tabs, value } = props;
  const list = useRef<HTMLDivElement>(null);
  const place = tabs.findIndex(([tab]) => tab === value);
  useEffect(() => {
    // On a phone the list is wider than the page, and the tab that is open may be beyond its edge.
    list.current?.children[place]?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [place]);
  return (
    <RadixTabs.Root
      className={styles.tabs}
      dir={props.dir}
      value={props.value}
      onValueChange={(value) => {
        const chosen = props.tabs.find(([tab]) => tab === value);
        if (chosen !== undefined) props.onChange(chosen[0]);
      }}
    >
      <RadixTabs.List ref={list} className={styles.list} aria-label={props.label}>
        {props.tabs.map(([tab, words]) => (
          <RadixTabs.Trigger key={tab} value={tab} className={styles.tab}>
            {words}
          </RadixTabs.Trigger>
        ))}
      </RadixTabs.List>
      {props.tabs.map(([tab]) => (
        <RadixTabs.Content key={tab} value={tab} className={styles.page}>
          {tab === props.value ? props.children : null}
        </RadixTabs.Content>
      ))}
    </RadixTabs.Root>
  );
}
