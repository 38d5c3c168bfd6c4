# Fastly as the edge of a station: a custom VCL for a service with one backend, `F_station` (HTTPS, the station's name,
# first byte timeout 20 s, between bytes timeout 20 s, shielding on at the POP nearest to the station), and a private
# dictionary `onair` with one item, `edge_secret`. The same rules as deploy/varnish/onair.vcl, in Fastly's dialect; those
# are run by a test, these were not run: docs/CDN.md says so.

sub vcl_recv {
#FASTLY recv
    # Between a POP and the shield the headers are ours.
    if (req.restarts == 0 && !req.http.Fastly-FF) {
        unset req.http.X-OnAir-Edge;
        unset req.http.X-OnAir-Signed;
        unset req.http.X-OnAir-Wanted;
    }
    if (req.url.path !~ "^/(s/[^/]*/)?live/") {
        error 404 "only media is served here";
    }
    if (req.method != "GET" && req.method != "HEAD" && req.method != "FASTLYPURGE") {
        return(pass);
    }
    if (req.url.path ~ "/stream\.(aac|opus)$") {
        return(pass);
    }
    unset req.http.Cookie;
    unset req.http.Authorization;

    # One spelling for one resource.
    if (req.url.path ~ "^(/s/[^/]*)?/live/[^/]+/[^/]+/[^/]+\.m3u8$") {
        if (req.url.qs ~ "(^|&)_HLS_(msn|part|skip)=.*&_HLS_\2="
            || (req.url.qs ~ "(^|&)_HLS_msn(=|&|$)" && req.url.qs !~ "(^|&)_HLS_msn=(0|[1-9][0-9]*)(&|$)")
            || (req.url.qs ~ "(^|&)_HLS_part(=|&|$)" && req.url.qs !~ "(^|&)_HLS_part=(0|[1-9][0-9]*)(&|$)")
            || (req.url.qs ~ "(^|&)_HLS_part=" && req.url.qs !~ "(^|&)_HLS_msn=")) {
            error 400 "a directive is misspelt, given twice, or lacks its segment";
        }
        # Sorted, the names stand in the order in which the station's own players write them.
        set req.url = querystring.sort(querystring.filter_except(req.url,
            "_HLS_msn" + querystring.filtersep() + "_HLS_part" + querystring.filtersep() + "_HLS_skip"));
        if (req.url.qs ~ "(^|&)_HLS_skip=" && req.url.qs !~ "(^|&)_HLS_skip=(YES|v2)(&|$)") {
            set req.url = querystring.filter(req.url, "_HLS_skip");
        }
    } else {
        set req.url = req.url.path;
    }

    # The station is asked once in a while whether a token is good, and then the copy for all who have one is served.
    if (req.url ~ "^/s/" && req.restarts == 0) {
        set req.http.X-OnAir-Wanted = regsub(req.url, "^/s/[^/]*", "");
        set req.url = regsub(req.url, "^(/s/[^/]*/live/[^/?]*)/.*$", "\1/index.m3u8");
    }
    return(lookup);
}

sub vcl_hash {
    set req.hash += req.url;
    set req.hash += req.http.X-OnAir-Signed;
#FASTLY hash
    return(hash);
}

sub vcl_miss {
#FASTLY miss
    if (req.http.X-OnAir-Signed) {
        set bereq.http.X-OnAir-Edge = table.lookup(onair, "edge_secret", "");
    }
    return(fetch);
}

sub vcl_pass {
#FASTLY pass
}

sub vcl_fetch {
#FASTLY fetch
    set beresp.stale_while_revalidate = 0s;
    set beresp.stale_if_error = 0s;
    # Listeners get a part while it still comes in.
    set beresp.do_stream = true;
    # One early 404 must not silence everybody, and a thousand must not reach the station.
    if (beresp.status >= 400) {
        set beresp.ttl = 1s;
        set beresp.cacheable = true;
        return(deliver);
    }
    if (beresp.http.Cache-Control ~ "no-store|private") {
        return(pass);
    }
    # A token is believed for ten seconds after it was looked at: so much later does a ban hold.
    if (req.url ~ "^/s/" && beresp.status == 200) {
        set beresp.ttl = 10s;
    }
    return(deliver);
}

sub vcl_deliver {
#FASTLY deliver
    if (req.http.X-OnAir-Wanted && resp.status == 200) {
        set req.url = req.http.X-OnAir-Wanted;
        unset req.http.X-OnAir-Wanted;
        set req.http.X-OnAir-Signed = "1";
        restart;
    }
    return(deliver);
}

sub vcl_error {
#FASTLY error
    if (obj.status == 400 || obj.status == 404) {
        set obj.http.Cache-Control = "no-store";
        set obj.http.Access-Control-Allow-Origin = "*";
        set obj.http.Content-Type = "application/problem+json";
        synthetic {"{"type":"about:blank","detail":""} obj.response {"" }"};
        return(deliver);
    }
}
