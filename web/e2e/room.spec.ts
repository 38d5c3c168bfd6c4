import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { answered, connect } from "@onair/client";
import { afterEach, beforeEach, expect, onTestFailed, test } from "vitest";
import { type Browser, openBrowser, openSpeaker, type Page } from "./browser.ts";
import { hearSilence, hearTone, putEar } from "./ear.ts";
import { Member } from "./member.ts";
import { Station } from "./station.ts";

/** A part of the mode `low`, and what a page's clock may be off. */
const WITHIN_MS = 640 + 60;

let station: Station;
let folder: string | undefined;
const browsers: Browser[] = [];

beforeEach(async () => {
  station = await Station.open();
  folder = await mkdtemp(join(tmpdir(), "onair-room-"));
});

afterEach(async () => {
  await Promise.all(browsers.splice(0).map((browser) => browser.close()));
  await station?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const here = (token?: string) =>
  connect({
    baseUrl: station.page("/").replace(/\/$/, ""),
    ...(token === undefined ? {} : { accessToken: token }),
  });

async function account(username: string): Promise<{ id: string; token: string }> {
  const password = "a long enough secret";
  const body = { email: `${username}@example.org`, username, password, displayName: username };
  const { user, accessToken } = await answered(here().POST("/api/auth/register", { body }));
  return { id: user.id, token: accessToken };
}

/** A page of the station's in a browser into whose microphone 440 Hz are said. */
async function speaker(broadcast: string): Promise<Page> {
  const wav = join(folder ?? tmpdir(), "voice.wav");
  const sine = "sine=frequency=440:sample_rate=48000:duration=20";
  await promisify(execFile)("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", sine, wav]);
  const browser = await openSpeaker(wav);
  browsers.push(browser);
  const page = await browser.newPage();
  await page.goto(station.page(`demo/stage.html?endpoint=/stage/${broadcast}`));
  return page;
}

async function page(path: string): Promise<Page> {
  const browser = await openBrowser();
  browsers.push(browser);
  const opened = await browser.newPage();
  await opened.goto(station.page(path));
  return opened;
}

/** What a page found beside the sound: the date in the programme at which it stands there, by its text. */
function besideTheSound(listener: Page, words: string): Promise<number> {
  const found = listener.waitForFunction((words) => {
    const { hls } = window as unknown as { hls: { playingDate: Date | null } };
    const audio = document.querySelector("audio");
    if (!hls.playingDate || !audio) return 0;
    for (const track of audio.textTracks) {
      track.mode = "hidden";
      for (const cue of track.cues ?? []) {
        const { value } = cue as unknown as { value?: { info?: string; data?: string } };
        if (value?.info === "onair" && value.data?.includes(words)) {
          return hls.playingDate.getTime() + (cue.startTime - audio.currentTime) * 1000;
        }
      }
    }
    return 0;
  }, words);
  return found.then((handle) => handle.jsonValue());
}

test("a listener is invited on stage, is heard by HLS, is muted and removed; words come with their moment", async () => {
  onTestFailed(() => {
    process.stderr.write(station.log);
  });
  const amy = await account("amy");
  const leo = await account("leo");
  const { id } = await answered(here(amy.token).POST("/api/broadcasts", { body: { title: "A talk" } }));
  await answered(here(amy.token).POST("/api/broadcasts/{id}/start", { params: { path: { id } } }));

  const listener = await page(`demo/hls.html?endpoint=/live/${id}/index.m3u8`);
  await listener.getByRole("button", { name: "Listen" }).click();
  await listener.getByRole("status").filter({ hasText: "playing" }).waitFor({ timeout: 60_000 });
  await putEar(listener);
  await hearSilence(listener);

  const host = await Member.join(await page("demo/hls.html"), id, amy.token);
  const voice = await speaker(id);
  const guest = await Member.join(voice, id, leo.token);
  await guest.ask({ type: "raiseHand" });
  await host.told("handRaised");
  await host.ask({ type: "inviteToStage", userId: leo.id });
  await guest.told("stageInvite");
  await guest.ask({ type: "acceptInvite" });
  await host.told("stageChanged");
  await voice.getByLabel("Access token").fill(leo.token);
  await voice.getByRole("button", { name: "Speak" }).click();
  await voice.getByRole("status").filter({ hasText: "connected" }).waitFor({ timeout: 60_000 });
  expect(Math.abs((await hearTone(listener)) - 440)).toBeLessThan(10);

  await guest.ask({ type: "chatMessage", message: "can you hear me?" });
  const { programTime } = await host.told("chatMessage");
  const stands = await besideTheSound(listener, "can you hear me?");
  expect(Math.abs(stands - Date.parse(String(programTime)))).toBeLessThan(WITHIN_MS);

  await host.ask({ type: "mute", userId: leo.id });
  await hearSilence(listener);
  await host.ask({ type: "mute", userId: leo.id, muted: false });
  await hearTone(listener);
  await host.ask({ type: "removeFromStage", userId: leo.id });
  await hearSilence(listener);
  const { change } = await guest.told("stageChanged");
  expect(change).toBe("entered");
  expect((await guest.told("stageChanged")).change).toBe("removed");
});
