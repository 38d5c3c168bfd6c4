import { lagOf } from "./alignment.ts";
import { Glide } from "./glide.ts";

/** The two ways in which a programme comes. */
export type Transport = "webrtc" | "hls";

/** From one to the other, in seconds: too short to be heard as one, too long for a click. */
const FADE = 0.02;

/** How long WebRTC can be held back, in seconds: the hold-back of HLS without parts, and what stalls add to it. */
const DELAY_MAX = 20;

/** Samples that are compared: 0.7 s, the most that an analyser keeps. */
const COMPARED = 32_768;

/** How far apart two ways may be for it to be heard how far, in seconds. */
export const HEARING = 0.2;

/** An instant of the sound card may fall between two readings: then they are read again, so many times at most. */
const READINGS = 4;

/**
 * Where both ways of hearing a programme come together: each has a level, WebRTC also a delay, and the desk hears how
 * far one is behind the other.
 *
 * The dates of both say that too, but not how long each takes from there through the browser; what is heard does.
 */
export class Desk {
  readonly #context: AudioContext;
  readonly #volume: GainNode;
  readonly #levels: Record<Transport, GainNode>;
  readonly #ears: Record<Transport, AnalyserNode>;
  readonly #delay: DelayNode;
  #hls: MediaElementAudioSourceNode | null = null;
  #webrtc: { readonly source: MediaStreamAudioSourceNode; readonly puller: HTMLAudioElement } | null = null;
  #glide = { of: new Glide(0, 0), since: 0 };

  constructor(context: AudioContext) {
    this.#context = context;
    this.#volume = new GainNode(context);
    this.#volume.connect(context.destination);
    const level = () => new GainNode(context, { gain: 0 });
    const ear = () => new AnalyserNode(context, { fftSize: COMPARED });
    this.#levels = { webrtc: level(), hls: level() };
    this.#ears = { webrtc: ear(), hls: ear() };
    this.#delay = new DelayNode(context, { maxDelayTime: DELAY_MAX });
    this.#delay.connect(this.#ears.webrtc);
    for (const transport of ["webrtc", "hls"] as const) {
      this.#ears[transport].connect(this.#levels[transport]).connect(this.#volume);
    }
  }

  /** Whether the browser lets it be heard. */
  get isRunning(): boolean {
    return this.#context.state === "running";
  }

  /** Lets it be heard; outside of a gesture the browser may refuse, and then it does not run. */
  async resume(): Promise<void> {
    await this.#context.resume();
  }

  /** Nothing is to be heard for a while. */
  async rest(): Promise<void> {
    await this.#context.suspend();
  }

  /** Takes it down. */
  async close(): Promise<void> {
    await this.#context.close();
  }

  /** Calls `listener` when it begins or stops to run, until `signal` is aborted. */
  onRunning(listener: () => void, signal: AbortSignal): void {
    this.#context.addEventListener("statechange", listener, { signal });
  }

  /** Takes the sound of the element; it is heard here alone from now on. For good: a browser knows no way back. */
  takeHls(audio: HTMLAudioElement): void {
    if (this.#hls?.mediaElement === audio) return;
    this.#hls?.disconnect();
    this.#hls = this.#context.createMediaElementSource(audio);
    this.#hls.connect(this.#ears.hls);
  }

  /** Takes what comes by WebRTC; null when nothing does any more. */
  takeWebrtc(stream: MediaStream | null): void {
    this.#webrtc?.source.disconnect();
    if (this.#webrtc !== null) this.#webrtc.puller.srcObject = null;
    this.#webrtc = null;
    if (stream === null) return;
    const source = this.#context.createMediaStreamSource(stream);
    source.connect(this.#delay);
    // Chromium hands a remote track on only while an element plays it too.
    const puller = new Audio();
    puller.muted = true;
    puller.srcObject = stream;
    // An element that is muted needs no gesture; one that went away in the meantime is not missed.
    puller.play().catch(() => {});
    this.#webrtc = { source, puller };
  }

  /** How loud all of it is, 0 to 1. */
  setVolume(volume: number): void {
    this.#volume.gain.value = volume;
  }

  /** By how much WebRTC is held back now, in seconds. */
  get delay(): number {
    return this.#glide.of.at(this.#context.currentTime - this.#glide.since);
  }

  /** Whether the delay is on its way. */
  get isGliding(): boolean {
    return this.#context.currentTime < this.#glide.since + this.#glide.of.length;
  }

  /** Holds WebRTC back by as much from now on, in one step: for while it is not heard. */
  setDelay(seconds: number): void {
    const delay = withinReach(seconds);
    this.#glide = { of: new Glide(delay, delay), since: this.#context.currentTime };
    this.#delay.delayTime.cancelScheduledValues(0);
    this.#delay.delayTime.setValueAtTime(delay, this.#context.currentTime);
  }

  /** Leaves the delay where it is on its way. */
  hold(): void {
    if (this.isGliding) this.setDelay(this.delay);
  }

  /** Brings the delay to `seconds`, slowly enough not to be noticed. */
  glideTo(seconds: number): void {
    const now = this.#context.currentTime;
    const glide = new Glide(this.delay, withinReach(seconds));
    this.#glide = { of: glide, since: now };
    this.#delay.delayTime.cancelScheduledValues(0);
    if (glide.length > 0) this.#delay.delayTime.setValueCurveAtTime(glide.curve(), now, glide.length);
  }

  /** Lets one way be heard and the other not, within one fade. */
  crossTo(transport: Transport): void {
    const now = this.#context.currentTime;
    for (const [name, level] of Object.entries(this.#levels)) {
      const { gain } = level;
      gain.cancelScheduledValues(0);
      gain.setValueAtTime(gain.value, now);
      gain.linearRampToValueAtTime(name === transport ? 1 : 0, now + FADE);
    }
  }

  /** By how much WebRTC, as it is held back, is behind HLS, in seconds; null where it cannot be heard. */
  lag(): number | null {
    const hls = new Float32Array(COMPARED);
    const webrtc = new Float32Array(COMPARED);
    const again = new Float32Array(COMPARED);
    for (let reading = 0; reading < READINGS; reading++) {
      this.#ears.hls.getFloatTimeDomainData(hls);
      this.#ears.webrtc.getFloatTimeDomainData(webrtc);
      this.#ears.hls.getFloatTimeDomainData(again);
      if (hls.at(-1) === again.at(-1)) return lagOf(hls, webrtc, this.#context.sampleRate, HEARING);
    }
    return null;
  }
}

/** A desk; null where this browser can build none, or has no WebRTC to need one for. */
export function openDesk(): Desk | null {
  const hasAll = "AudioContext" in globalThis && "RTCPeerConnection" in globalThis;
  return hasAll ? new Desk(new AudioContext()) : null;
}

/**
 * Whether the sound of an element that plays HLS may be taken to a desk. WebKit, which alone has managed media
 * sources or plays HLS without any, is known to hand on silence. There the element is heard beside the desk: the move
 * is as well timed as the dates are, and a cut.
 */
export const TAKES_HLS = "MediaSource" in globalThis && !("ManagedMediaSource" in globalThis);

function withinReach(delay: number): number {
  return Math.min(Math.max(delay, 0), DELAY_MAX);
}
