import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeBase64url } from '../../src/core/base64url.ts';
import { createKeyRing } from '../../src/core/key-ring.ts';
import { checkToken, issueToken, MAX_GENERATION, type TokenKind } from '../../src/core/token.ts';
import { nodeCrypto } from '../../src/runtime/node.ts';
import { NEW_SECRET, OLD_SECRET, OTHER_SECRET } from './world.ts';

const ring = createKeyRing([NEW_SECRET, OLD_SECRET], nodeCrypto);
const kinds: readonly TokenKind[] = ['access', 'refresh'];
const sessionId = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(encodeBase64url);
const ID = encodeBase64url(new Uint8Array(16).fill(0xab));

test('what a token says is what it was issued with', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      sessionId,
      fc.integer({ min: 0, max: MAX_GENERATION }),
      fc.integer({ min: 0, max: 0xffffffff }),
      (kind, id, generation, time) => {
        const token = issueToken(ring, kind, id, generation, time);
        assert.match(token, /^[\w-]{80}$/);
        assert.deepEqual(checkToken(ring, kind, token), { sessionId: id, generation, time, keyId: ring.signing.id });
      },
    ),
  );
});

test('TK4: any change of one character is refused with a reason', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.% \u0100';
  for (const kind of kinds) {
    const token = issueToken(ring, kind, ID, 7, 1_767_614_400);
    for (let at = 0; at < token.length; at++) {
      for (const character of alphabet) {
        if (character === token[at]) continue;
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        assert.equal(typeof checkToken(ring, kind, changed), 'string', `${kind} ${at} ${character}`);
      }
    }
  }
});

test('TK4: no text at all makes the check throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.string({ unit: 'binary', maxLength: 200 }), (kind, text) => {
      assert.equal(checkToken(ring, kind, text), 'malformed');
    }),
  );
  for (const text of ['', 'a'.repeat(79), 'a'.repeat(81), 'a'.repeat(100_000), '\ud800'.repeat(80)]) {
    assert.equal(checkToken(ring, 'access', text), 'malformed');
  }
});

test('truncated and lengthened tokens are malformed', () => {
  const token = issueToken(ring, 'refresh', ID, 1, 1_767_614_400);
  for (let length = 0; length < token.length; length++) {
    assert.equal(checkToken(ring, 'refresh', token.slice(0, length)), 'malformed');
  }
  assert.equal(checkToken(ring, 'refresh', `${token}A`), 'malformed');
  assert.equal(checkToken(ring, 'refresh', `${token}${token}`), 'malformed');
});

test('RF6: an access token is no refresh token, and the other way round, not even with its head rewritten', () => {
  for (const [kind, other] of [
    ['access', 'refresh'],
    ['refresh', 'access'],
  ] as const) {
    const token = issueToken(ring, kind, ID, 1, 1_767_614_400);
    assert.equal(checkToken(ring, other, token), 'malformed');
    const bytes = Buffer.from(token, 'base64url');
    bytes[0] = other === 'access' ? 0x11 : 0x12;
    assert.equal(checkToken(ring, other, bytes.toString('base64url')), 'bad-signature');
  }
});

test('a token of a ring without our keys is unknown, and one that claims our key has a bad signature', () => {
  const foreign = createKeyRing([OTHER_SECRET], nodeCrypto);
  const token = issueToken(foreign, 'access', ID, 1, 1_767_614_400);
  assert.equal(checkToken(ring, 'access', token), 'unknown-key');
  const bytes = Buffer.from(token, 'base64url');
  bytes.writeUInt32BE(ring.signing.idNumber, 1);
  assert.equal(checkToken(ring, 'access', bytes.toString('base64url')), 'bad-signature');
});

test('a token under an older key of the ring is good and says which key it needs', () => {
  const before = createKeyRing([OLD_SECRET], nodeCrypto);
  const claims = checkToken(ring, 'refresh', issueToken(before, 'refresh', ID, 3, 1_767_614_400));
  assert.deepEqual(claims, { sessionId: ID, generation: 3, time: 1_767_614_400, keyId: before.signing.id });
});

test('another version of the format is malformed, whatever its tag', () => {
  const bytes = Buffer.from(issueToken(ring, 'access', ID, 1, 1_767_614_400), 'base64url');
  bytes[0] = 0x21;
  assert.equal(checkToken(ring, 'access', bytes.toString('base64url')), 'malformed');
});

test('CK8: a token holds the session id, numbers and a tag, and nothing of the person', () => {
  const bytes = Buffer.from(issueToken(ring, 'refresh', ID, 0x010203, 0x04050607), 'base64url');
  assert.equal(bytes.length, 60);
  assert.equal(bytes.toString('hex', 0, 28), `12${ring.signing.id}04050607${'ab'.repeat(16)}010203`);
});

test('a session id of another form is a mistake of the caller, not a token', () => {
  for (const id of ['', 'short', `${ID}A`, `${ID.slice(0, -1)}B`]) {
    assert.throws(() => issueToken(ring, 'access', id, 1, 1), TypeError);
  }
});
