/** Where somebody goes who has signed in: a place on this station, or home. */
export function placeAfter(search: string): string {
  const place = new URLSearchParams(search).get("to") ?? "/";
  // A second slash, or a backslash in its place, would lead to another station.
  return /^\/(?![/\\])/.test(place) ? place : "/";
}
