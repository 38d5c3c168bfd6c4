import type { Station } from "../../web/e2e/station.ts";
import { answered, connect } from "../../web/node_modules/@onair/client/index.js";
import { ageOf } from "./clock-tone.ts";
import { prepareEar, putEar, takeSightings } from "./ear.ts";
import { Speaker } from "./speaker.ts";

/** A listener's jitter buffer finds its size within this time, in seconds. */
const SETTLING = 5;

/** Packets as the station asks for them, or as a browser makes them that is not asked. */
export type Packets = "as asked" | "usual";

/** How old one person's voice is when another hears it on the stage: readings of so many seconds. */
export async function measureStage(station: Station, seconds: number, packets: Packets): Promise<number[]> {
  const baseUrl = station.page("/").replace(/\/$/, "");
  const as = (accessToken?: string) => connect({ baseUrl, ...(accessToken ? { accessToken } : {}) });
  const register = (username: string) => {
    username += packets === "usual" ? "1" : "2";
    const email = `${username}@example.org`;
    const body = { email, username, password: "a long enough secret", displayName: username };
    return answered(as().POST("/api/auth/register", { body }));
  };
  const [host, guest] = [await register("host"), await register("guest")];
  const here = as(host.accessToken);
  const { id } = await answered(here.POST("/api/broadcasts", { body: { title: "A talk" } }));
  const params = { path: { id, userId: guest.user.id } };
  await answered(here.PUT("/api/broadcasts/{id}/members/{userId}", { params, body: { role: "speaker" } }));
  await answered(here.POST("/api/broadcasts/{id}/start", { params: { path: { id } } }));

  const place = (secret: string) => ({
    page: `demo/stage.html?endpoint=/stage/${id}`,
    field: "Access token",
    secret,
    button: "Speak",
  });
  const speaker = await Speaker.open(station, place(host.accessToken), async (page) => {
    if (packets === "usual") await page.evaluate(forgetPacketTime);
  });
  const hearer = await Speaker.open(station, place(guest.accessToken), prepareEar);
  try {
    await putEar(hearer.page);
    await hearer.page.waitForTimeout(seconds * 1000);
    const sightings = await takeSightings(hearer.page);
    const begun = sightings[0]?.earSeconds ?? Number.NaN;
    const settled = sightings.filter(({ earSeconds }) => earSeconds > begun + SETTLING);
    return settled.map(({ hertz, earSeconds }) => ageOf(hertz, earSeconds));
  } finally {
    await hearer.close();
    await speaker.close();
  }
}

/** Runs in the page: what an answer says of packet times is not heard. */
function forgetPacketTime(): void {
  type Accept = (this: RTCPeerConnection, answer: RTCSessionDescriptionInit) => Promise<void>;
  const prototype = RTCPeerConnection.prototype as unknown as { setRemoteDescription: Accept };
  const accept = prototype.setRemoteDescription;
  prototype.setRemoteDescription = function ({ type, sdp = "" }) {
    return accept.call(this, { type, sdp: sdp.replace(/^a=ptime:.*\r\n/gm, "") });
  };
}
