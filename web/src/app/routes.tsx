import { lazy, Suspense } from "react";
import { Route, Routes, useParams } from "react-router";
import { BroadcastPage } from "./BroadcastPage.tsx";
import { HomePage } from "./HomePage.tsx";
import { Layout } from "./Layout.tsx";
import { NotFoundPage } from "./NotFoundPage.tsx";
import { Signed } from "./Signed.tsx";

/** Who came to hear what is on air waits for none of these. */
const ApiDocsPage = lazy(async () => ({
  default: (await import("../features/api-docs/ApiDocsPage.tsx")).ApiDocsPage,
}));

const RecordingRoute = lazy(async () => ({
  default: (await import("./RecordingRoute.tsx")).RecordingRoute,
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

const MyBroadcastsPage = lazy(async () => ({
  default: (await import("../features/broadcasts/MyBroadcastsPage.tsx")).MyBroadcastsPage,
}));

const NewBroadcastPage = lazy(async () => ({
  default: (await import("../features/broadcasts/EditPage.tsx")).NewBroadcastPage,
}));

const EditBroadcastPage = lazy(async () => ({
  default: (await import("../features/broadcasts/EditPage.tsx")).EditBroadcastPage,
}));

const SeriesPage = lazy(async () => ({
  default: (await import("../features/broadcasts/SeriesPage.tsx")).SeriesPage,
}));

const LibraryPage = lazy(async () => ({
  default: (await import("../features/library/LibraryPage.tsx")).LibraryPage,
}));

const AccountRoute = lazy(async () => ({
  default: (await import("./AccountRoute.tsx")).AccountRoute,
}));

const NoticesPage = lazy(async () => ({
  default: (await import("../features/notices/NoticesPage.tsx")).NoticesPage,
}));

const NoticeSettingsPage = lazy(async () => ({
  default: (await import("../features/notices/SettingsPage.tsx")).NoticeSettingsPage,
}));

const AdminRoute = lazy(async () => ({
  default: (await import("./AdminRoute.tsx")).AdminRoute,
}));

const EmbedPage = lazy(async () => ({
  default: (await import("./EmbedPage.tsx")).EmbedPage,
}));

/** Every address the front end answers. `redraw` draws all of it anew, in another language. */
export function Pages(props: { readonly redraw: () => void }) {
  return (
    <Routes>
      <Route path="embed/:id" element={<Embed />} />
      <Route element={<Layout redraw={props.redraw} />}>
        <Route index element={<HomePage />} />
        <Route path="b/:id" element={<Listen />} />
        <Route path="listen/:id" element={<Listen />} />
        <Route path="r/:id" element={<Recording />} />
        <Route path="sign-in" element={<SignInPage />} />
        <Route path="register" element={<RegisterPage />} />
        <Route element={<Signed who="hosts" />}>
          <Route path="studio/:id" element={<Studio />} />
          <Route path="broadcasts" element={<MyBroadcastsPage />} />
          <Route path="broadcasts/new" element={<NewBroadcastPage />} />
          <Route path="broadcasts/:id" element={<Edit />} />
          <Route path="series/:id" element={<OneSeries />} />
          <Route path="recordings" element={<LibraryPage />} />
        </Route>
        <Route element={<Signed who="anybody" />}>
          <Route path="account" element={<AccountRoute />} />
          <Route path="notifications" element={<NoticesPage />} />
          <Route path="notifications/settings" element={<NoticeSettingsPage />} />
        </Route>
        <Route element={<Signed who="admins" />}>
          <Route path="station" element={<Admin />} />
          <Route path="station/:tab" element={<Admin />} />
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
  return <RecordingRoute key={id} id={id} />;
}

/** Another studio likewise. */
function Studio() {
  const { id = "" } = useParams();
  return <StudioRoute key={id} id={id} />;
}

/** Another broadcast is another form. */
function Edit() {
  const { id = "" } = useParams();
  return <EditBroadcastPage key={id} id={id} />;
}

/** Another series likewise. */
function OneSeries() {
  const { id = "" } = useParams();
  return <SeriesPage key={id} id={id} />;
}

function Admin() {
  const { tab = "" } = useParams();
  return <AdminRoute tab={tab} />;
}

/** In a frame nothing stands around the player. */
function Embed() {
  const { id = "" } = useParams();
  return (
    <Suspense>
      <EmbedPage key={id} id={id} />
    </Suspense>
  );
}
