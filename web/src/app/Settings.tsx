import { useState } from "react";

import { keep, LANGUAGES, type Language, language, speak, strings } from "../strings.ts";
import { Icon } from "../ui/Icon.tsx";
import { Menu, MenuChoice, MenuLine } from "../ui/Menu.tsx";
import { keptScheme, paint, type Scheme } from "./scheme.ts";

const SCHEMES: readonly Scheme[] = ["system", "light", "dark"];

/** The language and the colours, by hand. */
export function Settings(props: { readonly redraw: () => void }) {
  const [scheme, setScheme] = useState(keptScheme);
  const words = strings.nav;
  return (
    <Menu label={words.settings} button={<Icon name="globe" />}>
      <MenuChoice
        label={words.language}
        value={language()}
        options={Object.entries(LANGUAGES) as [Language, string][]}
        onChange={(chosen) => {
          keep(chosen);
          // Words that do not come leave the page as it is.
          speak(chosen).then(props.redraw, () => {});
        }}
      />
      <MenuLine />
      <MenuChoice
        label={words.scheme}
        value={scheme}
        options={SCHEMES.map((scheme) => [scheme, words.schemes[scheme]] as const)}
        onChange={(chosen) => {
          paint(chosen);
          setScheme(chosen);
        }}
      />
    </Menu>
  );
}
