// CloudFront, viewer request. terraform puts deploy/edge/playback.js before this text, without its last line.
import cf from 'cloudfront';
import crypto from 'crypto';

// Where every address below /live/ needs CloudFront's own signature, that signature is the token.
const LIVE_IS_SIGNED = false;

function refuse(code, text, detail) {
    return {
        statusCode: code,
        statusDescription: text,
        headers: {
            'content-type': { value: 'application/problem+json' },
            'cache-control': { value: 'no-store' },
            'access-control-allow-origin': { value: '*' },
        },
        body: JSON.stringify({ type: 'about:blank', title: text, status: code, detail: detail }),
    };
}

function pairs(querystring) {
    const all = [];
    Object.keys(querystring).forEach(function (name) {
        const entry = querystring[name];
        (entry.multiValue || [entry]).forEach(function (one) {
            all.push([name, one.value]);
        });
    });
    return all;
}

async function handler(event) {
    const request = event.request;
    const asked = split(request.uri);
    // A listener cannot say that a token was checked.
    delete request.headers['x-onair-signed'];
    if (asked === null) {
        return refuse(404, 'Not Found', 'only media is served here');
    }
    if (endless(asked.path)) {
        request.querystring = {};
        return request;
    }
    const query = canonical(asked.path, pairs(request.querystring));
    if (query === null) {
        return refuse(400, 'Bad Request', 'a directive is misspelt, given twice, or lacks its segment');
    }
    // A preflight shows nothing and gets no bytes.
    if (asked.token !== null && request.method !== 'OPTIONS') {
        let key;
        try {
            key = Buffer.from(await cf.kvs().get('edge-key'), 'base64url');
        } catch (error) {
            return refuse(503, 'Service Unavailable', 'the edge has no key; see docs/CDN.md');
        }
        const hmac = function (bytes, text) {
            return crypto.createHmac('sha256', key).update(bytes).update(text).digest('hex');
        };
        if (!verify(asked.token, broadcast(asked.path), Date.now() / 1000, hmac)) {
            return refuse(403, 'Forbidden', 'the playback token is wrong or has run out; ask GET /api/broadcasts/{id}/playback');
        }
    }
    if (asked.token !== null || LIVE_IS_SIGNED) {
        request.headers['x-onair-signed'] = { value: '1' };
    }
    request.uri = asked.path;
    request.querystring = {};
    query.forEach(function (pair) {
        request.querystring[pair[0]] = { value: pair[1] };
    });
    return request;
}
