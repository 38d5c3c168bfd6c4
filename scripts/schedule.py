"""Asks a station when rules begin, and python-dateutil too: schedule.py WEB

Left out is where the two read RFC 5545 differently on purpose. dateutil takes BYDAY=MO,1TU as both at once, which can never
be; BYWEEKNO without a day as all seven days of the week, and not as the day of the first start; the days of a year that belong
to the first week of the next one as no week that is counted from the end; and days in January of a 52nd week, such as those
of 2022, as a 53rd.
"""

import json
import random
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

YEARS = 10

# With summer time in either half of the year, by half an hour, at midnight, on a Friday; without; and some that changed.
ZONES = [
    "America/New_York",
    "Africa/Cairo",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Europe/Istanbul",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "UTC",
]

# The first falls before the changes of São Paulo and Istanbul.
FIRSTS = ["2014-10-19T00:30:00", "2026-03-08T02:30:00", "2027-01-31T20:00:00"]

RULES = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=DAILY;BYMONTH=1,7;BYDAY=MO,WE,FR",
    "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,15,30",
    "FREQ=DAILY;BYMONTHDAY=1,-1",
    "FREQ=DAILY;COUNT=500",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=MO,TH",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=MO",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU",
    "FREQ=WEEKLY;INTERVAL=3;WKST=WE",
    "FREQ=WEEKLY;BYMONTH=3,10;BYHOUR=2;BYMINUTE=30",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;INTERVAL=5",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY;BYMONTHDAY=-1,-2,15",
    "FREQ=MONTHLY;BYDAY=1MO",
    "FREQ=MONTHLY;BYDAY=-1SU,2SA",
    "FREQ=MONTHLY;BYDAY=5FR",
    "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=2;BYMONTH=4,11",
    "FREQ=YEARLY",
    "FREQ=YEARLY;INTERVAL=2;BYMONTH=1,2,12",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
    "FREQ=YEARLY;BYDAY=20MO,-1FR",
    "FREQ=YEARLY;BYDAY=TU;BYMONTH=11;BYMONTHDAY=2,3,4,5,6,7,8",
    "FREQ=YEARLY;BYYEARDAY=1,100,-1,-100",
    "FREQ=YEARLY;BYWEEKNO=1,20;BYDAY=MO,SU",
    "FREQ=YEARLY;BYWEEKNO=1,-1;BYDAY=WE;WKST=SU",
    "FREQ=YEARLY;BYMONTHDAY=1;BYDAY=SU",
    "FREQ=YEARLY;BYMONTH=6,9;BYDAY=MO,TU;BYSETPOS=1,3,-2",
]

(web,) = sys.argv[1:]


def ask(method, path, body=None, token=None):
    headers = {"content-type": "application/json"} if body is not None else {}
    if token:
        headers["authorization"] = f"Bearer {token}"
    body = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(urllib.parse.urljoin(web, path), data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        raise SystemExit(f"{method} {path}: {refused.code} {refused.read().decode()}") from None


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def told(token, rule, first, zone, until):
    """What the station says."""
    starts, after = [], None
    while True:
        question = {"startTime": first.isoformat(), "timezone": zone, "recurrence": rule, "limit": 1000}
        if after:
            question["after"] = after
        page = ask("GET", "/api/schedule/starts?" + urllib.parse.urlencode(question), token=token)["items"]
        for text in page:
            if instant(text) >= until:
                return starts
            starts.append(instant(text))
        if len(page) < 1000:
            return starts
        after = page[-1]


def expected(rule, first, zone, until):
    """What dateutil says, by the clock on the wall, and what instants these are (RFC 5545, 3.3.5; PEP 495)."""
    zone = ZoneInfo(zone)
    starts = []
    for wall in rrulestr(rule, dtstart=first):
        start = wall.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)
        if start >= until:
            break
        starts.append(start)
    # What the clocks skip may fall onto, or behind, what they do not.
    return sorted(set(starts))


person = {"email": "ada@radio.example", "username": "ada", "password": "correct horse", "displayName": "Ada"}
token = ask("POST", "/api/auth/register", person)["accessToken"]

# Every rule in two zones, and every zone with many rules; the same in every run.
chance = random.Random(5545)
compared = 0
for number, rule in enumerate(RULES):
    zones = {ZONES[number % len(ZONES)], chance.choice(ZONES)}
    for zone in sorted(zones):
        wall = datetime.fromisoformat(FIRSTS[number % len(FIRSTS)])
        # A first start that the clocks skip is another on the wall: both begin with the one that there is.
        first = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(timezone.utc)
        wall = first.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        until = first + timedelta(days=365.25 * YEARS)
        ours, theirs = told(token, rule, first, zone, until), expected(rule, wall, zone, until)
        if ours != theirs:
            place = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
            here, there = (starts[place : place + 1] or ["the end"] for starts in (ours, theirs))
            raise SystemExit(f"{rule} from {wall} in {zone}: start {place + 1} is {here[0]}, and {there[0]} by dateutil")
        compared += len(ours)
assert compared > 20_000, f"only {compared} starts were compared"
print(f"{compared} starts of {len(RULES)} rules are those of dateutil")
