"""Makes a host with two recordings, and looks at the podcast of theirs: podcast.py WEB DATABASE"""

import io
import json
import re
import sqlite3
import sys
import urllib.error
import urllib.request
import uuid
import xml.etree.ElementTree as ET
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import feedparser
import podcastparser

ATOM = "{http://www.w3.org/2005/Atom}"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"

# https://github.com/Podcastindex-org/podcast-namespace, podcast:guid
GUIDS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")

# What people write, and what XML does with it.
TITLES = ["Q & A: <tea> or \"coffee\"? ]]>", "Élan ‒ 夜の音 \U0001f399"]

web, database = sys.argv[1:]


def ask(method, path, body=None, token=None, headers=None):
    headers = dict(headers or {})
    if body is not None:
        headers["content-type"] = "application/json"
        body = json.dumps(body).encode()
    if token:
        headers["authorization"] = f"Bearer {token}"
    request = urllib.request.Request(urljoin(web, path), data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read()


def made(answer, status):
    assert answer[0] == status, answer[2].decode()
    return json.loads(answer[2])


def only(parent, name):
    """The text of the one element of this name."""
    found = parent.findall(name)
    assert len(found) == 1, f"{len(found)} times {name} in {parent.tag}"
    return found[0]


def one(parent, name):
    text = only(parent, name).text
    assert text and text.strip() == text, f"{name}: {text!r}"
    return text


def is_web(url):
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


# --- a host with two recordings

person = {"email": "ada@radio.example", "username": "ada", "password": "correct horse", "displayName": "Ada & Co"}
token = made(ask("POST", "/api/auth/register", person), 201)["accessToken"]
news = {"title": "News", "description": "Line one\nline two & <b>no markup</b>"}
broadcast = made(ask("POST", "/api/broadcasts", news, token), 201)["id"]
with sqlite3.connect(database, timeout=5) as rows:
    for number, title in enumerate(TITLES):
        at = 1_700_000_000_000 + number * 86_400_000
        rows.execute(
            "INSERT INTO recordings (id, broadcast_id, run, status, started_at, ended_at, duration_ms, recorded_ms, "
            "size_bytes, created_at, title, to_frames, recorded_to, updated_at) "
            "VALUES (?, ?, 'r1', 'ready', ?, ?, 61000, 61000, 732000, ?, ?, 2928000, 2928000, ?)",
            (f"rec{number}", broadcast, at, at + 61_000, at, title, at),
        )
rows.close()

# --- as it comes

path = "/podcasts/ada.xml"
status, headers, document = ask("GET", path)
assert status == 200, document.decode()
assert headers["content-type"] == "application/rss+xml; charset=utf-8", headers["content-type"]
parsedate_to_datetime(headers["last-modified"])
for name, value in [("if-none-match", headers["etag"]), ("if-modified-since", headers["last-modified"])]:
    again = ask("GET", path, headers={name: value})
    assert (again[0], again[2]) == (304, b""), (name, again[0])

# --- as the specifications want it

rss = ET.fromstring(document)
assert (rss.tag, rss.get("version")) == ("rss", "2.0")
channel = only(rss, "channel")
assert one(channel, "title") == "Ada & Co"
assert is_web(one(channel, "link"))
assert one(channel, "description")
assert re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", one(channel, "language"))
own = only(channel, ATOM + "link").attrib
assert own == {"href": web + path, "rel": "self", "type": "application/rss+xml"}, own
assert only(channel, ITUNES + "category").get("text") == "Society & Culture"
assert one(channel, ITUNES + "explicit") in ("true", "false")
assert one(channel, ITUNES + "author") == "Ada & Co"
assert one(channel, PODCAST + "medium") == "podcast"
address = (web + path).split("://", 1)[1].rstrip("/")
assert one(channel, PODCAST + "guid") == str(uuid.uuid5(GUIDS, address))
items = channel.findall("item")
assert len(items) == 2
guids = set()
dates = []
for item, title in zip(items, reversed(TITLES)):
    assert one(item, "title") == title
    assert one(item, "description") == news["description"]
    assert is_web(one(item, "link"))
    assert only(item, "guid").get("isPermaLink") == "false"
    guids.add(one(item, "guid"))
    dates.append(parsedate_to_datetime(one(item, "pubDate")))
    enclosure = only(item, "enclosure").attrib
    assert sorted(enclosure) == ["length", "type", "url"], enclosure
    assert is_web(enclosure["url"]) and enclosure["type"] == "audio/mp4"
    assert int(enclosure["length"]) == 732_000
    assert one(item, ITUNES + "duration") == "61"
    assert one(item, ITUNES + "explicit") in ("true", "false")
    chapters = only(item, PODCAST + "chapters").attrib
    assert chapters["type"] == "application/json+chapters", chapters
    # What a feed names is there.
    told = ask("GET", chapters["url"])
    assert told[1]["content-type"] == chapters["type"] and made(told, 200)["version"] == "1.2.0"
assert guids == {"rec0", "rec1"}, guids
assert dates == sorted(dates, reverse=True), "the newest first"
assert all(date.tzinfo for date in dates)
known = {"", ATOM, ITUNES, PODCAST}
assert {re.match(r"(\{.*\})?", element.tag).group() for element in rss.iter()} <= known

# --- as podcast players read it

read = feedparser.parse(document)
assert not read.bozo, read.bozo_exception
assert (read.version, read.encoding) == ("rss20", "utf-8"), (read.version, read.encoding)
assert [entry.title for entry in read.entries] == list(reversed(TITLES))
assert [entry.enclosures[0].type for entry in read.entries] == ["audio/mp4"] * 2
show = podcastparser.parse(web + path, io.BytesIO(document))
assert show["title"] == "Ada & Co", show["title"]
assert [episode["total_time"] for episode in show["episodes"]] == [61, 61]
assert [episode["guid"] for episode in show["episodes"]] == ["rec1", "rec0"]
assert show["episodes"][0]["enclosures"][0]["file_size"] == 732_000
print("a podcast of two recordings is what the specifications and two readers want")
