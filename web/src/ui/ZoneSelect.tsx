import { useMemo } from "react";

import { hereZone, zones } from "../zones.ts";
import { Select } from "./Field.tsx";

/** A time zone of the IANA database; that of this device stands first, and the one that is chosen. */
export function ZoneSelect(props: {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly value: string;
  readonly onChange: (zone: string) => void;
}) {
  const { value } = props;
  // There are hundreds, and the form around them is drawn with each letter that is written.
  const options = useMemo(
    () => zones(hereZone(), value).map((zone) => [zone, zone.replaceAll("_", " ")] as const),
    [value],
  );
  return <Select {...props} options={options} />;
}
