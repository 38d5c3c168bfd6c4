// What every edge does with a request for media before it looks into its cache: one spelling for one resource, and the
// token of a signed address checked and taken out. No imports and no newer language than ECMAScript 5 has with `const`,
// so that the same text runs in CloudFront Functions (cloudfront-js-2.0), in nginx (njs) and in Node.js.

// As the station makes them: version, expiry, nonce and subject, then HMAC-SHA256 cut to 128 bits.
const TOKEN = /^[A-Za-z0-9_-]{60}$/;
const CLAIMS = 29;
const VERSION = 1;

const NUMBER = /^(0|[1-9][0-9]*)$/;

// The playlists that take directives: those of a run. The multivariant above them is one resource for everybody.
const MEDIA_PLAYLIST = /^\/live\/[^\/]+\/[^\/]+\/[^\/]+\.m3u8$/;

// Takes the signature off a path. `token` is null where there is none; null altogether for what is not media.
function split(path) {
    const signed = /^\/s\/([^\/]*)(\/live\/.*)$/.exec(path);
    if (signed) {
        return { token: signed[1], path: signed[2] };
    }
    return path.indexOf('/live/') === 0 ? { token: null, path: path } : null;
}

// Endless streams are each listener's own: the station looks at their token itself, and ends them when it must.
function endless(path) {
    return /\/stream\.(aac|opus)$/.test(path);
}

// The broadcast of a path below /live/.
function broadcast(path) {
    return path.split('/')[2];
}

// The query under which `path` is kept, from all pairs of the request: `_HLS_msn`, `_HLS_part`, `_HLS_skip` in this
// order and nothing else. Null for what the station would refuse with 400.
function canonical(path, pairs) {
    const found = {};
    if (!MEDIA_PLAYLIST.test(path)) {
        return [];
    }
    for (let i = 0; i < pairs.length; i++) {
        const name = pairs[i][0];
        const value = pairs[i][1];
        if (name === '_HLS_msn' || name === '_HLS_part' || name === '_HLS_skip') {
            if (found[name] !== undefined || (name !== '_HLS_skip' && !NUMBER.test(value))) {
                return null;
            }
            found[name] = value;
        }
    }
    if (found._HLS_part !== undefined && found._HLS_msn === undefined) {
        return null;
    }
    // Every other word asks for the whole playlist, as no word does.
    if (found._HLS_skip !== 'YES' && found._HLS_skip !== 'v2') {
        found._HLS_skip = undefined;
    }
    const kept = [];
    ['_HLS_msn', '_HLS_part', '_HLS_skip'].forEach(function (name) {
        if (found[name] !== undefined) {
            kept.push([name, found[name]]);
        }
    });
    return kept;
}

// Whether `token` is good for `id` at `now` (seconds since 1970). `hmac` is HMAC-SHA256 with the edge's key:
// bytes and text in, lower-case hex out.
function verify(token, id, now, hmac) {
    if (!TOKEN.test(token)) {
        return false;
    }
    const bytes = Buffer.from(token, 'base64url');
    if (bytes[0] !== VERSION) {
        return false;
    }
    const mac = hmac(bytes.slice(0, CLAIMS), id).slice(0, 32);
    const shown = bytes.slice(CLAIMS).toString('hex');
    // Every character is looked at, wherever the first difference is.
    let different = mac.length === shown.length ? 0 : 1;
    for (let i = 0; i < mac.length; i++) {
        different |= mac.charCodeAt(i) ^ shown.charCodeAt(i);
    }
    const expires = ((bytes[1] * 256 + bytes[2]) * 256 + bytes[3]) * 256 + bytes[4];
    return different === 0 && expires > now;
}

export default { split, endless, broadcast, canonical, verify };
