// Holds what edges do with a request, on tokens and queries that the station made (vectors.json).

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const here = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');
const vectors = JSON.parse(here('vectors.json'));
const text = here('playback.js');
const module = (code) => import(`data:text/javascript,${encodeURIComponent(code)}`);
const { default: playback } = await module(text);

const hmac = (bytes, id) =>
    crypto.createHmac('sha256', Buffer.from(vectors.key, 'base64url')).update(bytes).update(id).digest('hex');

/** The function as terraform/edge.tf puts it together, with CloudFront's modules replaced. */
async function cloudfront({ signed = false, key = vectors.key } = {}) {
    const playbackHalf = text.replace(/export default [^\n]*\n/, '');
    const half = here('../../terraform/functions/viewer-request.js');
    const whole = `${half}\n${playbackHalf}`.replace('const LIVE_IS_SIGNED = false;', `const LIVE_IS_SIGNED = ${signed};`);
    const kvs = key === null ? 'throw new Error("no such key")' : `return ${JSON.stringify(key)}`;
    const run = whole
        .replace("import cf from 'cloudfront';", `const cf = { kvs: () => ({ get: async (name) => { if (name !== 'edge-key') throw name; ${kvs}; } }) };`)
        .replace('Date.now()', `${vectors.now * 1000}`);
    const { handler } = await module(`${run}\nexport { handler };`);
    return { whole, handler };
}

const request = (uri, querystring = {}, headers = {}, method = 'GET') => ({ request: { method, uri, querystring, headers } });

test('a token is good for its broadcast until it runs out', () => {
    assert.ok(vectors.tokens.length >= 8);
    for (const { token, broadcast, now, good, why } of vectors.tokens) {
        assert.equal(playback.verify(token, broadcast, now, hmac), good, why);
    }
});

test('a token that was touched anywhere is wrong', () => {
    const { token, broadcast, now } = vectors.tokens.find((vector) => vector.good);
    for (let at = 0; at < token.length; at++) {
        const touched = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
        assert.equal(playback.verify(touched, broadcast, now, hmac), false, `${at}`);
    }
});

test('one resource has one query, and what the station refuses is refused', () => {
    for (const { path, query, kept } of vectors.queries) {
        const pairs = query === '' ? [] : query.split('&').map((pair) => [pair.split('=')[0], pair.split('=')[1] ?? '']);
        const found = playback.canonical(path, pairs);
        assert.equal(found && found.map((pair) => pair.join('=')).join('&'), kept, `${path}?${query}`);
    }
});

test('only media below /live/ is split', () => {
    assert.deepEqual(playback.split('/live/a/index.m3u8'), { token: null, path: '/live/a/index.m3u8' });
    assert.deepEqual(playback.split('/s/T/live/a/x'), { token: 'T', path: '/live/a/x' });
    for (const other of ['/', '/api/x', '/s/T/api/x', '/s/T', '/s/live/a/x', '/lives/a']) {
        assert.equal(playback.split(other), null, other);
    }
});

test('the function takes a good token off, and tells the station of it', async () => {
    const { handler } = await cloudfront();
    const { token, broadcast } = vectors.tokens.find((vector) => vector.good);
    const query = { CMCD: { value: 'sid%3D%22x%22' }, _HLS_part: { value: '1' }, _HLS_msn: { value: '9' } };
    const passed = await handler(request(`/s/${token}/live/${broadcast}/r1/main.m3u8`, query));
    assert.equal(passed.uri, `/live/${broadcast}/r1/main.m3u8`);
    assert.deepEqual(Object.entries(passed.querystring), [['_HLS_msn', { value: '9' }], ['_HLS_part', { value: '1' }]]);
    assert.deepEqual(passed.headers['x-onair-signed'], { value: '1' });
});

test('a listener cannot say that a token was checked', async () => {
    const { handler } = await cloudfront();
    const passed = await handler(request('/live/a/r1/main/8.m4s', {}, { 'x-onair-signed': { value: '1' } }));
    assert.equal(passed.headers['x-onair-signed'], undefined);
});

test('a wrong token, a wrong query and a path that is not media end at the edge', async () => {
    const { handler } = await cloudfront();
    const refused = async (...asked) => (await handler(request(...asked))).statusCode;
    assert.equal(await refused(`/s/${'A'.repeat(60)}/live/evening/index.m3u8`), 403);
    assert.equal(await refused('/s/-/live/evening/index.m3u8'), 403);
    assert.equal(await refused('/live/a/r1/main.m3u8', { _HLS_msn: { value: '007' } }), 400);
    const twice = { _HLS_msn: { value: '7', multiValue: [{ value: '7' }, { value: '7' }] } };
    assert.equal(await refused('/live/a/r1/main.m3u8', twice), 400);
    assert.equal(await refused('/api/broadcasts'), 404);
});

test('an endless stream keeps its token, for the station to look at', async () => {
    const { handler } = await cloudfront();
    const passed = await handler(request('/s/T/live/a/stream.aac', { CMCD: { value: 'x' } }));
    assert.deepEqual([passed.uri, passed.querystring], ['/s/T/live/a/stream.aac', {}]);
    assert.equal(passed.headers['x-onair-signed'], undefined);
});

test('a preflight passes without a token', async () => {
    const { handler } = await cloudfront();
    const passed = await handler(request('/s/anything/live/a/index.m3u8', {}, {}, 'OPTIONS'));
    assert.equal(passed.uri, '/live/a/index.m3u8');
});

test('where all of /live/ needs a signature, that is what the station is told', async () => {
    const { handler } = await cloudfront({ signed: true });
    const passed = await handler(request('/live/a/index.m3u8'));
    assert.deepEqual(passed.headers['x-onair-signed'], { value: '1' });
});

test('without its key the edge lets nobody in', async () => {
    const { handler } = await cloudfront({ key: null });
    const { token, broadcast } = vectors.tokens.find((vector) => vector.good);
    assert.equal((await handler(request(`/s/${token}/live/${broadcast}/index.m3u8`))).statusCode, 503);
});

test('the function fits into the 10 KB that CloudFront allows', async () => {
    const { whole } = await cloudfront();
    assert.ok(Buffer.byteLength(whole) < 10_240, `${Buffer.byteLength(whole)} bytes`);
});
