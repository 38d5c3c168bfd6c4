/** A peer connection that does as a test says: no network, no sound. */
export class FakePeer extends EventTarget {
  connectionState: RTCPeerConnectionState = "new";
  closed = false;
  offered = "";
  answered = "";
  /** What was heard last: RTP time, and when (since 1970, ms); nothing before there is any. */
  heard: { rtpTimestamp: number; timestamp: number } | null = null;
  readonly configuration: RTCConfiguration;
  readonly #receiver = {
    track: {},
    getSynchronizationSources: () => (this.heard === null ? [] : [{ ...this.heard, source: 1 }]),
  };

  constructor(configuration: RTCConfiguration) {
    super();
    this.configuration = configuration;
  }

  addTransceiver() {
    return { receiver: this.#receiver };
  }
  getReceivers() {
    return [this.#receiver];
  }
  async createOffer() {
    return { type: "offer", sdp: "a=fmtp:111 minptime=10;useinbandfec=1\r\n" };
  }
  async setLocalDescription({ sdp = "" }: RTCSessionDescriptionInit) {
    this.offered = sdp;
  }
  async setRemoteDescription({ sdp = "" }: RTCSessionDescriptionInit) {
    this.answered = sdp;
  }
  close() {
    this.closed = true;
  }

  /** The connection becomes so. */
  become(state: RTCPeerConnectionState) {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }

  /** Sound of RTP time `rtpTimestamp` leaves the track at this moment. */
  sound(rtpTimestamp: number) {
    this.heard = { rtpTimestamp, timestamp: performance.timeOrigin + performance.now() };
  }

  /** As the code under test knows it. */
  get connection(): RTCPeerConnection {
    return this as unknown as RTCPeerConnection;
  }
}
