/** How a page of a list is asked for: as many as `limit`, from where `cursor` of the page before says. */
export function pageQuery(limit: number, cursor: string | undefined): { limit: number; cursor?: string } {
  return cursor === undefined ? { limit } : { limit, cursor };
}
