import { answered, type Schema } from "@onair/client";

import { pageQuery } from "./page.ts";
import { station } from "./station.ts";

export type Person = Schema<"AdministeredAccount">;
export type AccountRole = Schema<"AccountRole">;
export type LiveBroadcast = Schema<"OverviewBroadcast">;
export type Report = Schema<"Report">;
export type Job = Schema<"Job">;
export type JobState = Schema<"JobState">;
export type UsageSum = Schema<"UsageSum">;
export type UsageDay = Schema<"UsageDay">;

/** As many of a list as come at once. */
const PAGE = 50;

/** Everything that is heard. */
export function loadOverview(signal: AbortSignal): Promise<Schema<"Overview">> {
  return answered(station.GET("/api/admin/overview", { signal }));
}

/** Ends any broadcast at once. */
export async function endAny(id: string, reason: string): Promise<void> {
  const body = reason.trim() === "" ? {} : { reason: reason.trim() };
  await answered(station.POST("/api/admin/broadcasts/{id}/end", { params: { path: { id } }, body }));
}

/** Accounts whose names begin with these words, the newest first. */
export function loadPeople(
  q: string,
  signal: AbortSignal,
  cursor?: string,
): Promise<Schema<"AdministeredAccountPage">> {
  const query = { ...pageQuery(PAGE, cursor), ...(q.trim() === "" ? {} : { q: q.trim() }) };
  return answered(station.GET("/api/admin/users", { params: { query }, signal }));
}

/** Changes what an account may do, suspends it or lets it in again. */
export async function changePerson(id: string, body: Schema<"AccountChanges">): Promise<void> {
  await answered(station.PATCH("/api/admin/users/{id}", { params: { path: { id } }, body }));
}

/** Reports that nobody has looked at, the oldest first. */
export function loadReports(signal: AbortSignal, cursor?: string): Promise<Schema<"ReportPage">> {
  const query = { state: "open" as const, ...pageQuery(PAGE, cursor) };
  return answered(station.GET("/api/admin/reports", { params: { query }, signal }));
}

/** Notes what was found. */
export async function reviewReport(id: string, state: "upheld" | "dismissed"): Promise<void> {
  await answered(station.PATCH("/api/admin/reports/{id}", { params: { path: { id } }, body: { state } }));
}

/** What was done, the newest first. */
export function loadAudit(signal: AbortSignal, cursor?: string): Promise<Schema<"AuditPage">> {
  const query = pageQuery(PAGE, cursor);
  return answered(station.GET("/api/admin/audit", { params: { query }, signal }));
}

/** Invitations, the newest first. */
export function loadInvitations(signal: AbortSignal, cursor?: string): Promise<Schema<"InvitationPage">> {
  const query = pageQuery(PAGE, cursor);
  return answered(station.GET("/api/admin/invitations", { params: { query }, signal }));
}

/** Invites somebody; the code is in the answer and nowhere else. */
export function invite(role: AccountRole): Promise<Schema<"MadeInvitation">> {
  return answered(station.POST("/api/admin/invitations", { body: { role } }));
}

/** Takes an invitation back. */
export async function revokeInvitation(id: string): Promise<void> {
  await answered(station.DELETE("/api/admin/invitations/{id}", { params: { path: { id } } }));
}

/** What is to be done at some time, by when it was due, the latest first. */
export function loadJobs(state: JobState, signal: AbortSignal, cursor?: string): Promise<Schema<"JobPage">> {
  const query = { state, ...pageQuery(PAGE, cursor) };
  return answered(station.GET("/api/admin/jobs", { params: { query }, signal }));
}

/** Has something tried again that was given up. */
export async function retryJob(id: string): Promise<void> {
  await answered(station.POST("/api/admin/jobs/{id}/retry", { params: { path: { id } } }));
}

/** Sends a letter to one's own address, and waits for what the relay says. */
export async function sendTestMail(): Promise<void> {
  await answered(station.POST("/api/admin/mail/test"));
}

/** How much was listened in the last days, today included, and about what that costs. */
export function loadUsage(days: number, signal: AbortSignal): Promise<Schema<"Usage">> {
  return answered(station.GET("/api/admin/usage", { params: { query: { days } }, signal }));
}
