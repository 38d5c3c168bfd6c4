import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";

import styles from "./Menu.module.css";

/** What opens beside a button. */
export function Menu(props: {
  /** What the button is called. */
  readonly label: string;
  readonly button: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    // Not modal: a modal one would put a style into the page, which the policy does not let in.
    <DropdownMenu.Root modal={false} dir={document.documentElement.dir === "rtl" ? "rtl" : "ltr"}>
      <DropdownMenu.Trigger className={styles.trigger} aria-label={props.label}>
        {props.button}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className={styles.menu} align="end" sideOffset={6} collisionPadding={8}>
          {props.children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** Something to do. */
export function MenuItem(props: {
  readonly onSelect: () => void;
  readonly danger?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <DropdownMenu.Item
      className={`${styles.item} ${props.danger ? styles.danger : ""}`}
      onSelect={props.onSelect}
    >
      {props.children}
    </DropdownMenu.Item>
  );
}

/** One of a few, with what they are about. */
export function MenuChoice<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}) {
  return (
    <DropdownMenu.RadioGroup
      aria-label={props.label}
      value={props.value}
      onValueChange={(value) => {
        const chosen = props.options.find(([option]) => option === value);
        if (chosen !== undefined) props.onChange(chosen[0]);
      }}
    >
      <DropdownMenu.Label className={styles.label}>{props.label}</DropdownMenu.Label>
      {props.options.map(([option, words]) => (
        <DropdownMenu.RadioItem key={option} value={option} className={styles.item}>
          <span className={styles.mark}>
            <DropdownMenu.ItemIndicator>✓</DropdownMenu.ItemIndicator>
          </span>
          {words}
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}

/** A line between what belongs together. */
export function MenuLine() {
  return <DropdownMenu.Separator className={styles.line} />;
}
