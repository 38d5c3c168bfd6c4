import { ProblemError } from "@onair/client";
import { type ChangeEvent, useState } from "react";
import { Link, Navigate, useLocation } from "react-router";

import { loadConfig } from "../../api/config.ts";
import { session } from "../../api/station.ts";
import { type Failure, failureOf, useAction } from "../../hooks/use-action.ts";
import { useSession } from "../../hooks/use-session.ts";
import { useWatch } from "../../hooks/use-watch.ts";
import { strings } from "../../strings.ts";
import { Button } from "../../ui/Button.tsx";
import { Form, TextField } from "../../ui/Field.tsx";
import { Card, Notice, Screen } from "../../ui/Screen.tsx";
import { placeAfter } from "./where.ts";

/** How often the settings are asked for while the page is looked at, in milliseconds: they hardly change. */
const EVERY_MS = 60_000;

const EMPTY = { displayName: "", username: "", email: "", password: "", invitation: "" };

/** Somebody new, where the station takes new accounts. */
export function RegisterPage() {
  const { search } = useLocation();
  const who = useSession();
  const { watched } = useWatch(loadConfig, EVERY_MS);
  const words = strings.auth;
  if (who.phase === "signed in") return <Navigate to={placeAfter(search)} replace />;
  const registration = watched.status === "loading" ? undefined : watched.value?.registration;
  return (
    <Screen title={words.register} width="narrow">
      <title>{`${words.register} · ${strings.name}`}</title>
      {registration === undefined ? (
        <Notice
          busy
          title={watched.status === "unreachable" ? strings.common.unreachable : strings.common.loading}
        />
      ) : registration === "closed" ? (
        <Notice title={words.closed} hint={words.closedHint} />
      ) : (
        <Registration byInvitation={registration === "invitation"} search={search} />
      )}
      <p>
        {words.hasAccount} <Link to={`/sign-in${search}`}>{words.signIn}</Link>
      </p>
    </Screen>
  );
}

function Registration(props: { byInvitation: boolean; search: string }) {
  const [fields, setFields] = useState(() => ({
    ...EMPTY,
    // A link may bring the code along.
    invitation: new URLSearchParams(props.search).get("invitation") ?? "",
  }));
  const words = strings.auth;
  const action = useAction(async () => {
    const { displayName, invitation, ...rest } = fields;
    await session.register({
      ...rest,
      ...(displayName.trim() === "" ? {} : { displayName }),
      ...(props.byInvitation ? { invitation } : {}),
    });
  }, failureOfRegistration);
  const errors = action.failure?.fields ?? {};
  const field = (name: keyof typeof EMPTY) => ({
    value: fields[name],
    error: errors[name],
    onChange: ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
      const { value } = currentTarget;
      setFields((before) => ({ ...before, [name]: value }));
    },
  });
  return (
    <>
      <p>{props.byInvitation ? words.invitationHint : words.registerHint}</p>
      <Card>
        <Form
          onSubmit={action.run}
          failure={action.failure?.text ?? null}
          actions={
            <Button tone="loud" type="submit" busy={action.busy}>
              {words.register}
            </Button>
          }
        >
          {props.byInvitation ? (
            <TextField
              label={words.invitation}
              dir="ltr"
              required
              autoComplete="off"
              {...field("invitation")}
            />
          ) : null}
          <TextField
            label={`${words.displayName} (${strings.common.optional})`}
            hint={words.displayNameHint}
            maxLength={80}
            autoComplete="name"
            {...field("displayName")}
          />
          <TextField
            label={words.username}
            hint={words.usernameHint}
            dir="ltr"
            required
            minLength={3}
            maxLength={32}
            pattern="[A-Za-z0-9][A-Za-z0-9_.\-]*"
            autoComplete="off"
            {...field("username")}
          />
          <TextField
            label={words.email}
            type="email"
            dir="ltr"
            required
            autoComplete="username"
            {...field("email")}
          />
          <TextField
            label={words.password}
            hint={words.passwordHint}
            type="password"
            dir="ltr"
            required
            minLength={10}
            maxLength={128}
            autoComplete="new-password"
            {...field("password")}
          />
        </Form>
      </Card>
    </>
  );
}

function failureOfRegistration(error: unknown): Failure {
  const taken = error instanceof ProblemError && error.status === 409;
  return taken ? { text: strings.auth.taken, fields: {} } : failureOf(error);
}
