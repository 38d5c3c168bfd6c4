import { lazy } from "react";
import { Route, Routes, useParams } from "react-router";
import { OnAirPage } from "../features/on-air/OnAirPage.tsx";
import { BroadcastPage } from "./BroadcastPage.tsx";
import { Layout } from "./Layout.tsx";
import { NotFoundPage } from "./NotFoundPage.tsx";
import { Signed } from "./Signed.tsx";

/** Who came to hear what is on air waits for none of these. */
const ApiDocsPage = lazy(async () => ({
  default: (await import("../features/api-docs/ApiDocsPage.tsx")).ApiDocsPage,
}));

const RecordingPage = lazy(async () => ({
  default: (await import("../features/recordings/RecordingPage.tsx")).RecordingPage,
}));

const SignInPage = lazy(async () => ({
  default: (await import("../features/auth/SignInPage.tsx")).SignInPage,
}));

const RegisterPage = lazy(async () => ({
  default: (await import("../features/auth/RegisterPage.tsx")).RegisterPage,
}));

const StudioRoute = lazy(async () => ({
  default: (await import("./StudioRoute.tsx")).StudioRoute,
}));

/** Every address the front end answers. `redraw` draws all of it anew, in another language. */
export function Pages(props: { readonly redraw: () => void }) {
  return (
    <Routes>
      <Route element={<Layout redraw={props.redraw} />}>
        <Route index element={<OnAirPage />} />
        <Route path="b/:id" element={<Listen />} />
        <Route path="listen/:id" element={<Listen />} />
        <Route path="r/:id" element={<Recording />} />
        <Route path="sign-in" element={<SignInPage />} />
        <Route path="register" element={<RegisterPage />} />
        <Route element={<Signed who="hosts" />}>
          <Route path="studio/:id" element={<Studio />} />
        </Route>
        <Route path="api/docs" element={<ApiDocsPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}

/** Another broadcast is another page: nothing of the last one's sound stays. */
function Listen() {
  const { id = "" } = useParams();
  return <BroadcastPage key={id} id={id} />;
}

/** Another recording is another page likewise. */
function Recording() {
  const { id = "" } = useParams();
  return <RecordingPage key={id} id={id} />;
}

/** Another studio likewise. */
function Studio() {
  const { id = "" } = useParams();
  return <StudioRoute key={id} id={id} />;
}
