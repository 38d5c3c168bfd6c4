/** What a browser does to a voice before anybody else has it. */
export interface Treatment {
  readonly echo: boolean;
  readonly noise: boolean;
  readonly gain: boolean;
  /** Stereo, and nothing done to it. */
  readonly music: boolean;
}

export type MicrophoneState =
  | { readonly phase: "off" }
  /** The browser asks the person. */
  | { readonly phase: "asking" }
  | { readonly phase: "on"; readonly deviceId: string | null; readonly isMuted: boolean }
  | { readonly phase: "failed"; readonly reason: MicrophoneFailure };

export type MicrophoneFailure =
  /** The person, or the system, says no. */
  | "denied"
  | "missing"
  /** It is there and gives nothing: another program has it. */
  | "busy"
  /** Browsers give none to a page without TLS. */
  | "insecure";

/** How loud it is, in dB below full scale: negative, and -Infinity in silence. */
export interface Level {
  readonly peak: number;
  readonly rms: number;
}

export interface Device {
  readonly id: string;
  /** Empty before the person has said yes once. */
  readonly label: string;
}

/** As much of `navigator.mediaDevices` as is needed. */
export type Devices = Pick<
  MediaDevices,
  "getUserMedia" | "enumerateDevices" | "addEventListener" | "removeEventListener"
>;

/** Tells how loud a stream is until it is closed. */
export interface Meter {
  readonly level: () => Level;
  readonly close: () => void;
}

/** What a microphone is given from outside. */
export interface MicrophoneParts {
  /** Undefined where the page has no TLS. */
  readonly devices: Devices | undefined;
  readonly measure: (stream: MediaStream) => Meter;
}

const SILENCE: Level = { peak: Number.NEGATIVE_INFINITY, rms: Number.NEGATIVE_INFINITY };

/** One microphone: asked for, chosen, treated, muted, and listened to for its level. */
export class Microphone {
  readonly #parts: MicrophoneParts;
  readonly #listeners = new Set<() => void>();
  #state: MicrophoneState = { phase: "off" };
  #devices: readonly Device[] = [];
  #stream: MediaStream | null = null;
  #meter: Meter | null = null;
  #isMuted = false;
  /** Counts requests: what is answered after a later one is given back. */
  #request = 0;

  constructor(parts: MicrophoneParts) {
    this.#parts = parts;
  }

  /** The same object until it changes. */
  readonly getState = (): MicrophoneState => this.#state;

  /** What there is to choose from; the same list until it changes. */
  readonly getDevices = (): readonly Device[] => this.#devices;

  /** Calls `listener` after every change; the answer unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** What it hears; null while it is off. */
  get track(): MediaStreamTrack | null {
    return this.#stream?.getAudioTracks()[0] ?? null;
  }

  /** How loud it is now. */
  level(): Level {
    return this.#meter?.level() ?? SILENCE;
  }

  /**
   * Asks for a microphone, the system's own where `deviceId` is null. One that is on goes on until the other is
   * there. Answers whether it is.
   */
  async open(deviceId: string | null, treatment: Treatment): Promise<boolean> {
    const { devices } = this.#parts;
    if (devices === undefined) {
      this.#become({ phase: "failed", reason: "insecure" });
      return false;
    }
    this.#request += 1;
    const request = this.#request;
    if (this.#stream === null) this.#become({ phase: "asking" });
    try {
      const stream = await devices.getUserMedia({ audio: constraints(deviceId, treatment) });
      if (request !== this.#request) {
        stop(stream);
        return false;
      }
      this.#take(stream, deviceId);
      devices.addEventListener("devicechange", this.#onDevices);
      await this.#list();
      return true;
    } catch (error) {
      if (request !== this.#request) return false;
      this.#drop();
      this.#become({ phase: "failed", reason: reasonOf(error) });
      return false;
    }
  }

  /** Sends silence instead of what it hears, or no more. */
  mute(isMuted: boolean): void {
    this.#isMuted = isMuted;
    const { track } = this;
    if (track !== null) track.enabled = !isMuted;
    if (this.#state.phase === "on") this.#become({ ...this.#state, isMuted });
  }

  /** Lets go of it. */
  close(): void {
    this.#request += 1;
    this.#parts.devices?.removeEventListener("devicechange", this.#onDevices);
    this.#drop();
    this.#isMuted = false;
    this.#become({ phase: "off" });
  }

  #take(stream: MediaStream, deviceId: string | null): void {
    this.#drop();
    this.#stream = stream;
    this.#meter = this.#parts.measure(stream);
    const { track } = this;
    if (track !== null) {
      track.enabled = !this.#isMuted;
      // Pulled out, or taken back in the browser's settings.
      track.addEventListener("ended", () => {
        if (this.track !== track) return;
        this.#drop();
        this.#become({ phase: "failed", reason: "missing" });
      });
    }
    this.#become({ phase: "on", deviceId, isMuted: this.#isMuted });
  }

  readonly #onDevices = (): void => void this.#list();

  async #list(): Promise<void> {
    // A list that does not come leaves the one that there was.
    const all = (await this.#parts.devices?.enumerateDevices().catch(() => null)) ?? null;
    if (all === null) return;
    this.#devices = all
      .filter(({ kind, deviceId }) => kind === "audioinput" && deviceId !== "default" && deviceId !== "")
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.#tell();
  }

  #drop(): void {
    this.#meter?.close();
    this.#meter = null;
    if (this.#stream !== null) stop(this.#stream);
    this.#stream = null;
  }

  #become(state: MicrophoneState): void {
    if (JSON.stringify(this.#state) === JSON.stringify(state)) return;
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function constraints(
  deviceId: string | null,
  { echo, noise, gain, music }: Treatment,
): MediaTrackConstraints {
  return {
    ...(deviceId === null ? {} : { deviceId: { exact: deviceId } }),
    echoCancellation: echo && !music,
    noiseSuppression: noise && !music,
    autoGainControl: gain && !music,
    channelCount: music ? 2 : 1,
  };
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** As the Media Capture specification names what went wrong. */
function reasonOf(error: unknown): MicrophoneFailure {
  const name = typeof error === "object" && error !== null && "name" in error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "busy";
}

/** Listens to a stream by an audio graph of its own. */
export function openMeter(stream: MediaStream): Meter {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  // Whoever speaks has pressed something; a context that sleeps all the same shows silence.
  void context.resume().catch(() => {});
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    level: () => {
      analyser.getFloatTimeDomainData(samples);
      let [peak, squares] = [0, 0];
      for (const sample of samples) {
        peak = Math.max(peak, Math.abs(sample));
        squares += sample * sample;
      }
      return { peak: 20 * Math.log10(peak), rms: 10 * Math.log10(squares / samples.length) };
    },
    // A context that does not close is let go with the page.
    close: () => void context.close().catch(() => {}),
  };
}
