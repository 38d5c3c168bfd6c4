import type { Socket } from "../signal/connection.ts";

/** A WebSocket whose other end is a test. */
export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  /** The server says something. */
  tell(message: object): void {
    this.onmessage?.({ data: JSON.stringify({ at: "2027-01-15T08:00:00Z", ...message }) });
  }

  /** The connection ends from there. */
  end(code: number, reason = ""): void {
    this.onclose?.({ code, reason });
  }
}
