vcl 4.1;

# Varnish as the edge of a station: one request to the station for each playlist update and part, whoever asks.
# docs/CDN.md says how it is started. TLS ends before it (hitch, HAProxy, Caddy).

import std;

# One subroutine that is not for everybody's eyes; see secrets.vcl.example.
include "/etc/varnish/onair-secrets.vcl";

backend station {
    .host = "127.0.0.1";
    .port = "8080";
    # A request is held for 12 s at most, and then the station's own 503 comes.
    .first_byte_timeout = 20s;
    .between_bytes_timeout = 20s;
}

sub vcl_recv {
    if (req.restarts == 0) {
        # A token is a secret for as long as it lives; logs live longer.
        std.log("target:" + regsub(req.url, "^/s/[^/]*", "/s/-"));
        # A listener cannot say that a token was checked.
        unset req.http.X-OnAir-Edge;
        unset req.http.X-OnAir-Signed;
        unset req.http.X-OnAir-Wanted;
    }
    if (req.url !~ "^/(s/[^/]*/)?live/") {
        if (req.http.Upgrade ~ "(?i)^websocket$") {
            return (pipe);
        }
        return (pass);
    }
    # Endless streams are each listener's own; a preflight shows nothing and gets no bytes.
    if ((req.method != "GET" && req.method != "HEAD") || req.url ~ "^[^?]*/stream\.(aac|opus)(\?|$)") {
        return (pass);
    }
    # Who shows a cookie is answered for that cookie alone.
    if (req.http.Cookie ~ "(^|;\s*)onair_play=") {
        return (pass);
    }
    unset req.http.Cookie;
    unset req.http.Authorization;
    call onair_spelling;
    # The station is asked once in a while whether a token is good, and then the copy for all who have one is served.
    if (req.url ~ "^/s/" && req.restarts == 0) {
        set req.http.X-OnAir-Wanted = regsub(req.url, "^/s/[^/]*", "");
        set req.url = regsub(req.url, "^(/s/[^/]*/live/[^/?]*)/.*$", "\1/index.m3u8");
    }
    return (hash);
}

# One spelling for one resource: the directives in one order and nothing else.
sub onair_spelling {
    if (req.url ~ "^(/s/[^/]*)?/live/[^/?]+/[^/?]+/[^/?]+\.m3u8\?") {
        if (req.url ~ "[?&]_HLS_(msn|part|skip)=.*&_HLS_\1="
            || (req.url ~ "[?&]_HLS_msn(=|&|$)" && req.url !~ "[?&]_HLS_msn=(0|[1-9][0-9]*)(&|$)")
            || (req.url ~ "[?&]_HLS_part(=|&|$)" && req.url !~ "[?&]_HLS_part=(0|[1-9][0-9]*)(&|$)")
            || (req.url ~ "[?&]_HLS_part=" && req.url !~ "[?&]_HLS_msn=")) {
            return (synth(400, "a directive is misspelt, given twice, or lacks its segment"));
        }
        set req.http.X-OnAir-Query = "";
        if (req.url ~ "[?&]_HLS_msn=") {
            set req.http.X-OnAir-Query = regsub(req.url, "^.*[?&](_HLS_msn=[0-9]+).*$", "&\1");
        }
        if (req.url ~ "[?&]_HLS_part=") {
            set req.http.X-OnAir-Query =
                req.http.X-OnAir-Query + regsub(req.url, "^.*[?&](_HLS_part=[0-9]+).*$", "&\1");
        }
        if (req.url ~ "[?&]_HLS_skip=(YES|v2)(&|$)") {
            set req.http.X-OnAir-Query =
                req.http.X-OnAir-Query + regsub(req.url, "^.*[?&](_HLS_skip=(YES|v2)).*$", "&\1");
        }
        set req.url = regsub(req.url, "\?.*$", "") + regsub(req.http.X-OnAir-Query, "^&", "?");
        unset req.http.X-OnAir-Query;
    } else {
        set req.url = regsub(req.url, "\?.*$", "");
    }
}

sub vcl_hash {
    # One station, whatever it is called. What is for holders of tokens is kept apart.
    hash_data(req.url);
    hash_data(req.http.X-OnAir-Signed);
    return (lookup);
}

sub vcl_pipe {
    set bereq.http.Upgrade = req.http.Upgrade;
    set bereq.http.Connection = req.http.Connection;
}

sub vcl_backend_fetch {
    if (bereq.http.X-OnAir-Signed) {
        call onair_secret;
    }
}

sub vcl_backend_response {
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    # One early 404 must not silence everybody, and a thousand must not reach the station.
    if (beresp.status >= 400 && !bereq.uncacheable) {
        set beresp.ttl = 0.5s;
        return (deliver);
    }
    if (beresp.http.Cache-Control ~ "no-store|private") {
        set beresp.uncacheable = true;
        # As short as it may be, since requests are not put together meanwhile.
        set beresp.ttl = 0.1s;
        return (deliver);
    }
    # A token is believed for ten seconds after it was looked at: so much later does a ban hold.
    if (bereq.url ~ "^/s/" && beresp.status == 200 && !bereq.uncacheable) {
        set beresp.ttl = 10s;
    }
    return (deliver);
}

sub vcl_deliver {
    if (req.http.X-OnAir-Wanted && resp.status == 200) {
        set req.url = req.http.X-OnAir-Wanted;
        unset req.http.X-OnAir-Wanted;
        set req.http.X-OnAir-Signed = "1";
        return (restart);
    }
    if (obj.hits > 0) {
        set resp.http.X-Cache = "HIT";
    } else {
        set resp.http.X-Cache = "MISS";
    }
}

sub vcl_synth {
    set resp.http.Cache-Control = "no-store";
    set resp.http.Access-Control-Allow-Origin = "*";
    set resp.http.Content-Type = "application/problem+json";
    synthetic({"{"type":"about:blank","status":"} + resp.status + {","detail":""} + resp.reason + {"" }"});
    return (deliver);
}
