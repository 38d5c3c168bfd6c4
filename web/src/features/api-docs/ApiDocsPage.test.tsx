import { render, screen, within } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, expect, test, vi } from "vitest";

import DOCUMENT from "../../../../docs/openapi.json?raw";
import { ApiDocsPage } from "./ApiDocsPage.tsx";

afterEach(() => {
  vi.unstubAllGlobals();
});

test("every operation of the real document can be read", async () => {
  vi.stubGlobal("fetch", async () => new Response(DOCUMENT));
  const { container } = render(<ApiDocsPage />);
  const broadcasts = await screen.findByRole("region", { name: "broadcasts" });
  const summary = within(broadcasts).getByText("/api/broadcasts/{id}/heartbeat");
  const entry = summary.closest("details");
  expect(entry?.textContent).toContain("session*");
  expect(entry?.textContent).toContain("429");
  const { paths } = JSON.parse(DOCUMENT) as { paths: Record<string, object> };
  const count = Object.values(paths).reduce((sum, methods) => sum + Object.keys(methods).length, 0);
  expect(container.querySelectorAll("details")).toHaveLength(count);
});

test("the page is accessible", async () => {
  // All operations look alike; a few can be looked at within a test's time.
  const { paths, ...rest } = JSON.parse(DOCUMENT) as { paths: object };
  const few = Object.fromEntries(Object.entries(paths).filter(([path]) => path.endsWith("/heartbeat")));
  vi.stubGlobal("fetch", async () => Response.json({ ...rest, paths: few }));
  const { container } = render(<ApiDocsPage />);
  await screen.findByRole("region", { name: "broadcasts" });
  // jsdom lays nothing out, so it cannot tell colours.
  const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  expect(violations).toEqual([]);
});

test("a station that is away is said", async () => {
  vi.stubGlobal("fetch", async () => new Response(null, { status: 503 }));
  render(<ApiDocsPage />);
  expect(await screen.findByText(/does not answer/)).toBeDefined();
});
