import { lazy, Suspense } from "react";
import { Route, Routes, useParams } from "react-router";

import { ListenPage } from "../features/listen/ListenPage.tsx";
import { OnAirPage } from "../features/on-air/OnAirPage.tsx";
import { Layout } from "./Layout.tsx";
import { NotFoundPage } from "./NotFoundPage.tsx";

/** For developers: nobody who listens waits for it. */
const ApiDocsPage = lazy(async () => ({
  default: (await import("../features/api-docs/ApiDocsPage.tsx")).ApiDocsPage,
}));

/** Who came to hear what is on air does not wait for it. */
const RecordingPage = lazy(async () => ({
  default: (await import("../features/recordings/RecordingPage.tsx")).RecordingPage,
}));

/** Every address the front end answers. */
export function Pages() {
  return (
    <Routes>
      <Route element={<Layout />}>
        <Route index element={<OnAirPage />} />
        <Route path="listen/:id" element={<Listen />} />
        <Route path="r/:id" element={<Recording />} />
        <Route
          path="api/docs"
          element={
            <Suspense>
              <ApiDocsPage />
            </Suspense>
          }
        />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}

/** Another broadcast is another page: nothing of the last one's sound stays. */
function Listen() {
  const { id = "" } = useParams();
  return <ListenPage key={id} id={id} />;
}

/** Another recording is another page likewise. */
function Recording() {
  const { id = "" } = useParams();
  return (
    <Suspense>
      <RecordingPage key={id} id={id} />
    </Suspense>
  );
}
