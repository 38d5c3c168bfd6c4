import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { act, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { MemoryRouter } from "react-router";
import { afterEach, expect, test, vi } from "vitest";
import { NotFoundPage } from "./app/NotFoundPage.tsx";
import { Settings } from "./app/Settings.tsx";
import { keep, language, preferred, speak } from "./strings.ts";

afterEach(async () => {
  cleanup();
  localStorage.clear();
  vi.unstubAllGlobals();
  await speak("en");
});

const browserSpeaks = (...languages: string[]) => vi.stubGlobal("navigator", { ...navigator, languages });

test("the first language of the browser that there is is spoken, unless one was chosen", () => {
  browserSpeaks("fr-FR", "ar-EG", "en");
  expect(preferred()).toBe("ar");
  keep("en");
  expect(preferred()).toBe("en");
  localStorage.clear();
  browserSpeaks("fr");
  expect(preferred()).toBe("en");
});

test("a language is changed by hand, and what was written stays", async () => {
  const element = document.body.appendChild(document.createElement("div"));
  const root = createRoot(element);
  const draw = () =>
    root.render(
      <StrictMode>
        <MemoryRouter>
          <Settings redraw={() => act(draw)} />
          <input aria-label="notes" />
          <NotFoundPage />
        </MemoryRouter>
      </StrictMode>,
    );
  await act(async () => draw());
  await userEvent.type(screen.getByLabelText("notes"), "kept");
  await userEvent.click(screen.getByRole("button", { name: "Language and colours" }));
  await userEvent.click(screen.getByRole("menuitemradio", { name: "العربية" }));
  expect(await screen.findByRole("heading", { name: "لا شيء هنا" })).toBeDefined();
  expect((screen.getByLabelText("notes") as HTMLInputElement).value).toBe("kept");
  expect([language(), document.documentElement.lang, document.documentElement.dir]).toEqual([
    "ar",
    "ar",
    "rtl",
  ]);
  expect(preferred()).toBe("ar");
  await userEvent.click(screen.getByRole("button", { name: "اللغة والألوان" }));
  expect(screen.getByRole("menu").getAttribute("dir")).toBe("rtl");
  await userEvent.keyboard("{Escape}");
  await act(async () => root.unmount());
  element.remove();
});

test("colours are chosen by hand, and kept", async () => {
  render(<Settings redraw={() => {}} />);
  const choose = async (name: string) => {
    await userEvent.click(screen.getByRole("button", { name: "Language and colours" }));
    await userEvent.click(screen.getByRole("menuitemradio", { name }));
  };
  await choose("Dark");
  expect(document.documentElement.dataset.scheme).toBe("dark");
  expect(localStorage.getItem("onair.scheme")).toBe("dark");
  await choose("As the system");
  expect(document.documentElement.dataset.scheme).toBeUndefined();
  expect(localStorage.getItem("onair.scheme")).toBeNull();
});
