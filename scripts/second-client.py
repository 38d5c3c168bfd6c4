#!/usr/bin/env python3
"""A second independent WebRTC client (aiortc) at both doors: publishes a tone by WHIP, and hears it by WHEP.

    scripts/second-client.sh target/debug/onair

Prints what it found, and exits 1 when the tone is not heard within PATIENCE seconds.
"""

import asyncio
import fractions
import sys

import httpx
import numpy
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from av import AudioFrame

RATE = 48_000
FRAME = 960
TONE = 440
PATIENCE = 60


class Tone(MediaStreamTrack):
    """A sine in stereo, as fast as time passes."""

    kind = "audio"

    def __init__(self):
        super().__init__()
        self.frames, self.begun = 0, None

    async def recv(self):
        clock = asyncio.get_running_loop()
        self.begun = self.begun or clock.time()
        await asyncio.sleep(max(0, self.begun + self.frames * FRAME / RATE - clock.time()))
        times = (self.frames * FRAME + numpy.arange(FRAME)) / RATE
        samples = (numpy.sin(2 * numpy.pi * TONE * times) * 0.5 * 32_767).astype(numpy.int16)
        frame = AudioFrame.from_ndarray(numpy.repeat(samples, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self.frames * FRAME, fractions.Fraction(1, RATE)
        self.frames += 1
        return frame


async def join(web, peer, url, token=None):
    """Offers to an endpoint and takes its answer; the session's address."""
    await peer.setLocalDescription(await peer.createOffer())
    headers = {"Content-Type": "application/sdp"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = await web.post(url, content=peer.localDescription.sdp, headers=headers)
    if answer.status_code != 201:
        raise SystemExit(f"aiortc: {url} answered {answer.status_code}: {answer.text}")
    await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
    return answer.headers["location"]


async def hear(track):
    """Waits until the strongest frequency of what comes is the tone."""
    heard = numpy.zeros(0)
    while True:
        frame = await track.recv()
        samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0].astype(float)
        heard = numpy.concatenate([heard, samples])[-16_384:]
        if len(heard) == 16_384 and numpy.abs(heard).max() > 1_000:
            spectrum = numpy.abs(numpy.fft.rfft(heard * numpy.hanning(len(heard))))
            hertz = numpy.argmax(spectrum) * frame.sample_rate / len(heard)
            if abs(hertz - TONE) < 5:
                return hertz


async def main(address, key):
    host, listener = RTCPeerConnection(), RTCPeerConnection()
    coming = asyncio.get_running_loop().create_future()
    listener.on("track", coming.set_result)
    async with httpx.AsyncClient(base_url=address, timeout=20) as web:
        host.addTrack(Tone())
        published = await join(web, host, "/whip/studio", key)
        listener.addTransceiver("audio", direction="recvonly")
        listened = await join(web, listener, "/whep/studio")
        hertz = await asyncio.wait_for(hear(await coming), PATIENCE)
        print(f"aiortc published {TONE} Hz by WHIP and heard {hertz:.0f} Hz by WHEP")
        for session in (published, listened):
            gone = await web.delete(session)
            if gone.status_code != 200:
                raise SystemExit(f"aiortc: DELETE answered {gone.status_code}")
    await host.close()
    await listener.close()


asyncio.run(main(*sys.argv[1:]))
