import { render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { ShareDialog } from "./ShareDialog.tsx";

afterEach(() => vi.unstubAllGlobals());

/** What the station was asked. */
let asked: URL[];

function open(answer: () => Response): void {
  asked = [];
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    asked.push(new URL(url));
    return answer();
  });
  render(<ShareDialog id="a b" title="Talk" onClose={() => {}} />);
}

const textIn = (field: HTMLElement) => (field as HTMLInputElement).value;

test("the frame for pages of others is the one that the station tells everybody", async () => {
  open(() => Response.json({ html: "<iframe></iframe>" }));
  const link = `${location.origin}/b/a%20b`;
  expect(textIn(screen.getByLabelText("Link"))).toBe(link);
  expect(textIn(await screen.findByLabelText("Embed on a page"))).toBe("<iframe></iframe>");
  expect(asked.map(({ pathname, searchParams }) => [pathname, searchParams.get("url")])).toEqual([
    ["/oembed", link],
  ]);
});

test("what is not everybody's has a link and no frame", async () => {
  open(() => Response.json({ title: "Not found", status: 404 }, { status: 404 }));
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  expect(screen.getByLabelText("Link")).toBeDefined();
  expect(screen.queryByLabelText("Embed on a page")).toBeNull();
});
