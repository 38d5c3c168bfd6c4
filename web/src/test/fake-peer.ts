/** A peer connection that does as a test says: no network, no sound. */
export class FakePeer extends EventTarget {
  connectionState: RTCPeerConnectionState = "new";
  closed = false;
  offered = "";
  answered = "";
  /** What was heard last: RTP time, and when (since 1970, ms); nothing before there is any. */
  heard: { rtpTimestamp: number; timestamp: number } | null = null;
  readonly configuration: RTCConfiguration;
  /** What was offered: each section's direction, and the track that it sends. */
  readonly sections: { readonly direction: string; track: unknown }[] = [];
  /** What the encoder was told. */
  maxBitrate: number | undefined;
  /** How loud the voices are in the sections that receive, from the first. */
  voices: number[] = [];
  /** What `getStats` tells. */
  stats: Record<string, unknown>[] = [];
  readonly #receiver = {
    track: {},
    getSynchronizationSources: () => (this.heard === null ? [] : [{ ...this.heard, source: 1 }]),
  };

  constructor(configuration: RTCConfiguration) {
    super();
    this.configuration = configuration;
  }

  addTransceiver(what: unknown, { direction = "" }: { direction?: string } = {}) {
    this.sections.push({ direction, track: typeof what === "string" ? null : what });
    return { receiver: this.#receiver };
  }
  getReceivers() {
    if (this.sections.length < 2) return [this.#receiver];
    return this.sections
      .filter(({ direction }) => direction === "recvonly")
      .map((_, slot) => ({
        getSynchronizationSources: () =>
          this.voices[slot] === undefined ? [] : [{ audioLevel: this.voices[slot], source: 1 }],
      }));
  }
  getSenders() {
    return this.sections
      .filter(({ direction }) => direction === "sendonly")
      .map((section) => ({
        getParameters: () => ({ encodings: [{ maxBitrate: this.maxBitrate }] }),
        setParameters: async ({ encodings }: { encodings: { maxBitrate?: number }[] }) => {
          this.maxBitrate = encodings[0]?.maxBitrate;
        },
        replaceTrack: async (track: unknown) => {
          section.track = track;
        },
      }));
  }
  async getStats() {
    return this.stats;
  }
  async createOffer() {
    return { type: "offer", sdp: "a=fmtp:111 minptime=10;useinbandfec=1\r\na=sendrecv\r\n" };
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
