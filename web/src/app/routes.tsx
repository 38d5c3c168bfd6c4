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

/** Every address the front end answers. */
export function Pages() {
  return (
    <Routes>
      <Route element={<Layout />}>
        <Route index element={<OnAirPage />} />
        <Route path="listen/:id" element={<Listen />} />
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
