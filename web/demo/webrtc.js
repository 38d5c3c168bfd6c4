// WHIP and WHEP in a page without a build: what a client of OnAir needs, and nothing more.

/** A session that an endpoint made. */
export class Session {
  /** @param {RTCPeerConnection} peer @param {string} url @param {Headers} headers */
  constructor(peer, url, headers) {
    this.peer = peer;
    this.url = url;
    /** Where sample 0 of the programme belongs: RTP timestamps count from it, at 48 kHz. WHEP only. */
    this.clock = headers.get("OnAir-Programme-Clock");
    this.etag = headers.get("ETag");
  }

  /** Ends the session, here and there. */
  async close() {
    this.peer.close();
    await fetch(this.url, { method: "DELETE" });
  }
}

/** Publishes a stream by WHIP. @param {string} endpoint @param {string} key @param {MediaStream} stream */
export async function publish(endpoint, key, stream) {
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  for (const track of stream.getAudioTracks()) {
    peer.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  }
  return negotiate(peer, endpoint, key);
}

/**
 * Listens by WHEP.
 * @param {string} endpoint @param {string} token @param {HTMLAudioElement} audio
 * @param {RTCConfiguration} configuration ICE servers, where the network needs them
 */
export async function listen(endpoint, token, audio, configuration = {}) {
  const peer = new RTCPeerConnection({ ...configuration, bundlePolicy: "max-bundle" });
  peer.addTransceiver("audio", { direction: "recvonly" });
  peer.ontrack = ({ track }) => {
    audio.srcObject = new MediaStream([track]);
  };
  return negotiate(peer, endpoint, token);
}

/**
 * Comes onto a stage: sends a stream, and receives the voices of others.
 * @param {string} endpoint @param {string} token @param {MediaStream} stream
 * @param {(track: MediaStreamTrack, slot: number) => void} hear called for each slot in which voices come
 * @param {number} slots voices that are heard at once, eight at the most
 */
export async function speak(endpoint, token, stream, hear, slots = 8) {
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  for (const track of stream.getAudioTracks()) {
    peer.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  }
  for (let slot = 0; slot < slots; slot += 1) {
    const { receiver } = peer.addTransceiver("audio", { direction: "recvonly" });
    hear(receiver.track, slot);
  }
  return negotiate(peer, endpoint, token);
}

/** Offers, and takes the answer. @param {RTCPeerConnection} peer @param {string} endpoint @param {string} token */
async function negotiate(peer, endpoint, token) {
  try {
    const offer = await peer.createOffer();
    // Opus is mono to a browser unless it says otherwise (RFC 7587).
    offer.sdp = offer.sdp?.replace(/a=fmtp:(\d+) minptime=10/g, "a=fmtp:$1 stereo=1;minptime=10");
    await peer.setLocalDescription(offer);
    // The server is ICE-lite and learns our addresses from our checks: nothing has to be gathered first.
    const headers = { "Content-Type": "application/sdp" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const answer = await fetch(endpoint, { method: "POST", headers, body: offer.sdp });
    const location = answer.headers.get("Location");
    if (answer.status !== 201 || !location) throw new Error(await reason(answer));
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    return new Session(peer, new URL(location, answer.url).href, answer.headers);
  } catch (error) {
    peer.close();
    throw error;
  }
}

/** What the server says about a refusal. @param {Response} answer */
async function reason(answer) {
  const problem = await answer.json().catch(() => ({}));
  return problem.detail ?? `the server answered ${answer.status}`;
}

/** Shows a session's state in `output`. @param {RTCPeerConnection} peer @param {HTMLElement} output */
export function show(peer, output) {
  const tell = () => {
    output.textContent = peer.connectionState;
  };
  peer.addEventListener("connectionstatechange", tell);
  tell();
}
