"""Plans broadcasts by the clocks of several places, and reads their calendars by `icalendar`: calendars.py WEB"""

import json
import sys
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import feedparser
from icalendar import Calendar

web = sys.argv[1]

# Zones whose clocks change by an hour, by half an hour, on other days, and never.
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata", None]
TITLE = "Q & A; tea, or coffee? \\ " + "Élan 夜 " * 12


def ask(method, path, body=None, token=None):
    headers = {"content-type": "application/json"} if body is not None else {}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(urljoin(web, path), data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read()


def made(answer, status):
    assert answer[0] == status, answer[2].decode()
    return json.loads(answer[2]) if answer[2] else None


def rfc3339(at):
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def calendar(path):
    status, headers, document = ask("GET", path)
    assert status == 200, document.decode()
    assert headers["content-type"] == "text/calendar; charset=utf-8", headers["content-type"]
    assert document.endswith(b"END:VCALENDAR\r\n") and b"\n" not in document.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in document.split(b"\r\n")), "a line is longer than 75 bytes"
    parsed = Calendar.from_ical(document)
    assert not parsed.errors, parsed.errors
    assert (parsed["VERSION"], parsed["METHOD"], bool(parsed["PRODID"])) == ("2.0", "PUBLISH", True)
    return parsed


def events(parsed):
    found = {str(event["UID"]): event for event in parsed.walk("VEVENT")}
    assert all(not event.errors for event in found.values())
    return found


def offset(parsed, name, at):
    """By how much the clocks of a zone differ from UTC at an instant, as the calendar itself describes them."""
    (zone,) = [zone for zone in parsed.walk("VTIMEZONE") if zone["TZID"] == name]
    onsets = []
    for observance in zone.subcomponents:
        start = observance["DTSTART"].dt - observance["TZOFFSETFROM"].td
        onsets.append((start.replace(tzinfo=timezone.utc), observance["TZOFFSETTO"].td))
    return max((onset for onset in onsets if onset[0] <= at), key=lambda onset: onset[0])[1]


def same_instant(parsed, event, name, at):
    start = event["DTSTART"].dt
    assert start.astimezone(timezone.utc) == at, (name, start, at)
    if name:
        assert event["DTSTART"].params["TZID"] == name
        wall = start.replace(tzinfo=None)
        assert wall - offset(parsed, name, at) == at.replace(tzinfo=None), (name, wall)
        assert wall == at.astimezone(ZoneInfo(name)).replace(tzinfo=None), (name, wall)


person = {"email": "cal@radio.example", "username": "cal", "password": "correct horse", "displayName": "Cal & Co"}
token = made(ask("POST", "/api/auth/register", person), 201)["accessToken"]
now = datetime.now(timezone.utc).replace(microsecond=0)
planned = {}
for number, zone in enumerate(ZONES):
    # Half a year apart, so that some of each are on either side of a change of clocks.
    for days in (30, 210, 390):
        at = now + timedelta(days=days, hours=number)
        plan = {"title": TITLE, "description": "One\nTwo", "scheduledStartTime": rfc3339(at), "tags": ["a,b"]}
        plan |= {"reminderOffsets": [600]} | ({"timezone": zone} if zone else {})
        planned[made(ask("POST", "/api/broadcasts", plan, token), 201)["id"]] = (zone, at)

host = calendar("/api/users/cal/calendar.ics")
before = events(host)
assert set(before) == {f"{broadcast}@onair" for broadcast in planned}
assert {str(zone["TZID"]) for zone in host.walk("VTIMEZONE")} == {zone for zone in ZONES if zone}
for broadcast, (zone, at) in planned.items():
    event = before[f"{broadcast}@onair"]
    same_instant(host, event, zone, at)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=1)
    assert str(event["SUMMARY"]) == f"{TITLE.strip()} — Cal & Co", str(event["SUMMARY"])
    assert str(event["URL"]) == urljoin(web, f"/listen/{broadcast}")
    assert (str(event["STATUS"]), event["CATEGORIES"].cats) == ("CONFIRMED", ["a,b"])
    (alarm,) = event.walk("VALARM")
    assert (str(alarm["ACTION"]), alarm["TRIGGER"].dt) == ("DISPLAY", timedelta(seconds=-600))
    single = calendar(f"/api/broadcasts/{broadcast}/calendar.ics")
    same_instant(single, events(single)[f"{broadcast}@onair"], zone, at)

# --- one is moved: it is the same date with a higher number

moved, (zone, at) = next(iter(planned.items()))
later = at + timedelta(days=1, minutes=30)
made(ask("PATCH", f"/api/broadcasts/{moved}", {"scheduledStartTime": rfc3339(later)}, token), 200)
host = calendar("/api/users/cal/calendar.ics")
after = events(host)
assert set(after) == set(before)
for uid, event in after.items():
    rises = uid == f"{moved}@onair"
    assert (event["SEQUENCE"] > before[uid]["SEQUENCE"]) == rises, uid
    # Whole seconds: both may fall into one.
    assert event["DTSTAMP"].dt >= before[uid]["DTSTAMP"].dt
same_instant(host, after[f"{moved}@onair"], zone, later)

# --- what somebody follows, at a secret address

listener = {"email": "ear@radio.example", "username": "ear", "password": "correct horse"}
session = made(ask("POST", "/api/auth/register", listener), 201)
host_id = made(ask("GET", "/api/auth/me", token=token), 200)["id"]
made(ask("PUT", f"/api/users/{host_id}/follow", token=session["accessToken"]), 204)
url = made(ask("POST", "/api/calendar", token=session["accessToken"]), 201)["url"]
assert set(events(calendar(url))) == set(after)
made(ask("DELETE", "/api/calendar", token=session["accessToken"]), 204)
assert ask("GET", url)[0] == 404

# --- what is planned, for feed readers

feed = feedparser.parse(ask("GET", "/api/schedule.atom")[2])
assert not feed.bozo and feed.version == "atom10", feed.get("bozo_exception")
assert [entry.title.strip() for entry in feed.entries] == [TITLE.strip()] * len(planned)
assert {entry.id for entry in feed.entries} == {urljoin(web, f"/listen/{broadcast}") for broadcast in planned}

print(f"{len(planned)} dates in {len(ZONES)} zones are read as they were meant")
