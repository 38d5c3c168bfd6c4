import "./styles/tokens.css";
import "./styles/base.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";

import { followOtherWindows, session } from "./api/station.ts";
import { install } from "./app/freshness.ts";
import { Pages } from "./app/routes.tsx";
import { keptScheme, paint } from "./app/scheme.ts";
import { preferred, speak } from "./strings.ts";

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no #root");

const root = createRoot(element);

/** Draws everything, or draws it anew: what plays goes on. */
function draw(): void {
  root.render(
    <StrictMode>
      <BrowserRouter>
        <Pages redraw={draw} />
      </BrowserRouter>
    </StrictMode>,
  );
}

paint(keptScheme());
followOtherWindows();
void session.start();
// In development the pages are what stands in the files, and are kept nowhere.
if (import.meta.env.PROD) install();
// Words that do not come are better English than none.
void speak(preferred())
  .catch(() => {})
  .finally(draw);
