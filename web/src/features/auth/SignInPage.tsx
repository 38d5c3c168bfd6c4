import { ProblemError } from "@onair/client";
import { useState } from "react";
import { Link, Navigate, useLocation } from "react-router";

import { session } from "../../api/station.ts";
import { type Failure, failureOf, useAction } from "../../hooks/use-action.ts";
import { useSession } from "../../hooks/use-session.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Form, TextField } from "../../ui/Field.tsx";
import { Card, Screen } from "../../ui/Screen.tsx";
import { placeAfter } from "./where.ts";

/** Somebody comes back. */
export function SignInPage() {
  const { search } = useLocation();
  const who = useSession();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const action = useAction(() => session.signIn({ email, password }), failureOfSignIn);
  const words = strings.auth;
  if (who.phase === "signed in") return <Navigate to={placeAfter(search)} replace />;
  return (
    <Screen title={words.signIn} width="narrow">
      <title>{`${words.signIn} · ${strings.name}`}</title>
      <p>{words.signInHint}</p>
      <Card>
        <Form
          onSubmit={action.run}
          failure={action.failure?.text ?? null}
          actions={
            <Button tone="loud" type="submit" busy={action.busy}>
              {words.signIn}
            </Button>
          }
        >
          <TextField
            label={words.email}
            type="email"
            dir="ltr"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <TextField
            label={words.password}
            type="password"
            dir="ltr"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
        </Form>
      </Card>
      <p>
        {words.noAccount} <Link to={`/register${search}`}>{words.register}</Link>
      </p>
    </Screen>
  );
}

function failureOfSignIn(error: unknown): Failure {
  const words = strings.auth;
  const status = error instanceof ProblemError ? error.status : null;
  if (status === 401) return { text: words.wrong, fields: {} };
  return status === 403 ? { text: words.suspended, fields: {} } : failureOf(error);
}
