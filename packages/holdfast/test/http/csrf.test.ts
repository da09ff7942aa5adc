/** CSRF: which unsafe requests may act with their cookies. Requirements CS1–CS3, CS5, CS6 and CS11. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideCsrf } from '../../src/http/csrf.ts';

const ORIGINS = new Set(['https://app.example', 'http://localhost:3000']);

function decide(method: string, headers: Record<string, string>, carriesCookie = true) {
  return decideCsrf({ method, header: (name) => headers[name] }, ORIGINS, () => carriesCookie);
}

test('CS5: safe methods are always allowed, whatever the headers say', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'TRACE']) {
    assert.ok(decide(method, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }).allowed, method);
  }
});

const ALLOWED: [string, Record<string, string>, boolean?][] = [
  ['same-origin', { 'sec-fetch-site': 'same-origin' }],
  ['same-origin whose referrer policy hides the origin', { 'sec-fetch-site': 'same-origin', origin: 'null' }],
  ['a navigation by the person', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
  ['a navigation without origin', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', origin: 'null' }],
  ['cross-site from a listed origin', { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' }],
  ['same-site from a listed origin', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }],
  ['a listed origin from an older browser', { origin: 'https://app.example' }],
  ['a referer on a listed origin', { referer: 'https://app.example/page?x=1' }],
  ['a command-line client without our cookie', {}, false],
];
for (const [name, headers, cookie] of ALLOWED) {
  test(`CS1: allowed: ${name}`, () => assert.deepEqual(decide('POST', headers, cookie), { allowed: true }));
}

const REFUSED: [string, Record<string, string>, boolean?][] = [
  ['cross-site', { 'sec-fetch-site': 'cross-site' }],
  ['cross-site without our cookie (login CSRF, CS6)', { 'sec-fetch-site': 'cross-site' }, false],
  ['same-site: siblings are not us (CS11)', { 'sec-fetch-site': 'same-site', origin: 'https://evil.app.example' }],
  ['none without a navigation', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'cors' }],
  [
    'none with a foreign origin',
    { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', origin: 'https://evil.example' },
  ],
  ['a doubled header', { 'sec-fetch-site': 'same-origin, same-origin' }],
  ['another case of the value', { 'sec-fetch-site': 'Same-Origin' }],
  ['an unknown value', { 'sec-fetch-site': 'sameorigin' }, false],
  ['a foreign origin', { origin: 'https://evil.example' }],
  ['a foreign origin without our cookie', { origin: 'https://evil.example' }, false],
  ['origin null', { origin: 'null' }],
  ['origin null without our cookie', { origin: 'null' }, false],
  ['an empty origin', { origin: '' }],
  ['nothing to go by, with our cookie', {}],
  ['a foreign referer', { referer: 'https://evil.example/https://app.example/' }],
  ['a referer that is no URL', { referer: 'app.example' }, false],
  ['a referer with userinfo in front of a foreign host', { referer: 'https://app.example@evil.example/' }],
];
for (const [name, headers, cookie] of REFUSED) {
  test(`CS1: refused: ${name}`, () => assert.equal(decide('POST', headers, cookie).allowed, false));
}

const TRICKS = [
  'http://app.example',
  'https://app.example:443',
  'https://app.example:8443',
  'https://app.example/',
  'https://app.example.',
  'https://app.example.evil.example',
  'https://evil-app.example',
  'https://xapp.example',
  'https://app.example@evil.example',
  'https://user@app.example',
  'https://APP.example',
  'https://app.example https://evil.example',
  'https://app.example, https://evil.example',
  'https://app.example\u0000',
  'https://аpp.example',
  'http://localhost',
  'http://localhost:3001',
  'http://127.0.0.1:3000',
  'file://',
  '*',
];
for (const origin of TRICKS) {
  test(`CS3: ${JSON.stringify(origin)} is not a listed origin`, () => {
    assert.equal(decide('POST', { origin }).allowed, false);
    assert.equal(decide('POST', { origin, 'sec-fetch-site': 'cross-site' }, false).allowed, false);
  });
}

test('unknown and lower-case methods count as unsafe', () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'get', 'PROPFIND', '']) {
    assert.equal(decide(method, { origin: 'https://evil.example' }).allowed, false, method);
  }
});

test('the detail names what was wrong and the setting that mends it', () => {
  const refused = decide('POST', { origin: 'https://evil.example' });
  assert.ok(!refused.allowed);
  assert.match(refused.detail, /"https:\/\/evil\.example".*`origins`/);
  const nothing = decide('POST', {});
  assert.ok(!nothing.allowed);
  assert.match(nothing.detail, /Sec-Fetch-Site.*`origins`/);
});
