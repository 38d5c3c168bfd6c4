// nginx's half of deploy/edge/playback.js: looks at a request for media and sends it on to where it is kept.
import crypto from 'crypto';
import playback from 'playback.js';

function pairs(r) {
    const query = r.variables.args || '';
    return query === '' ? [] : query.split('&').map(function (pair) {
        const at = pair.indexOf('=');
        return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    });
}

function refuse(r, status, title, detail) {
    r.headersOut['Content-Type'] = 'application/problem+json';
    r.headersOut['Cache-Control'] = 'no-store';
    r.headersOut['Access-Control-Allow-Origin'] = '*';
    r.return(status, JSON.stringify({ type: 'about:blank', title: title, status: status, detail: detail }));
}

function open(r) {
    // The path as it came: an escape that nginx would undo is another name for the same bytes.
    const asked = playback.split(r.variables.request_uri.split('?')[0]);
    if (asked === null || asked.path.indexOf('%') >= 0 || asked.path.indexOf('/.') >= 0) {
        refuse(r, 404, 'Not Found', 'no such media');
        return;
    }
    const query = playback.canonical(asked.path, pairs(r));
    if (query === null) {
        refuse(r, 400, 'Bad Request', 'a directive is misspelt, given twice, or lacks its segment');
        return;
    }
    // A preflight shows nothing and gets no bytes.
    if (asked.token !== null && r.method !== 'OPTIONS') {
        const hmac = function (bytes, text) {
            const key = Buffer.from(r.variables.onair_edge_key, 'base64url');
            return crypto.createHmac('sha256', key).update(bytes).update(text).digest('hex');
        };
        if (!playback.verify(asked.token, playback.broadcast(asked.path), Date.now() / 1000, hmac)) {
            refuse(r, 403, 'Forbidden', 'the playback token is wrong or has run out; ask GET /api/broadcasts/{id}/playback');
            return;
        }
    }
    const kept = query.map(function (pair) { return pair.join('='); }).join('&');
    const where = asked.token === null ? '/.open' : '/.signed';
    r.internalRedirect(where + asked.path + (kept === '' ? '' : '?' + kept));
}

export default { open };
