/** How high the small player is, in pixels. */
const HEIGHT = 300;

/** What brings the small player onto a page of others. */
export function embedOf(origin: string, id: string, title: string): string {
  const url = new URL(`/embed/${encodeURIComponent(id)}`, origin).href;
  const name = title.replace(/[&"<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<iframe src="${url}" title="${name}" width="100%" height="${HEIGHT}" style="border:0" allow="autoplay"></iframe>`;
}
