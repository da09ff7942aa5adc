import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64url, encodeBase64url } from '../../src/core/base64url.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

test('bytes become the text that every other encoder makes of them, and come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBase64url(bytes);
      assert.equal(text, Buffer.from(bytes).toString('base64url'));
      const back = new Uint8Array(bytes.length);
      assert.equal(decodeBase64url(text, back), true);
      assert.deepEqual(back, bytes);
    }),
  );
});

test('TK3: a text is accepted only when it is the one spelling of its bytes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), fc.string({ unit: 'binary', maxLength: 60 }), (length, text) => {
      const into = new Uint8Array(length);
      if (decodeBase64url(text, into)) assert.equal(encodeBase64url(into), text);
    }),
  );
});

test('TK3: unused bits that are not zero are refused for every last character', () => {
  for (const [length, spare] of [
    [16, 4],
    [17, 2],
  ] as const) {
    const text = encodeBase64url(new Uint8Array(length).fill(0xa5));
    const accepted = [...ALPHABET].filter((last) => decodeBase64url(text.slice(0, -1) + last, new Uint8Array(length)));
    assert.equal(accepted.length, 64 / 2 ** spare);
  }
});

test('padding, blanks, the other alphabet, wide characters and wrong lengths are refused', () => {
  const bytes = new Uint8Array(6).fill(0xfb);
  const text = encodeBase64url(bytes);
  assert.equal(text, '-_v7-_v7');
  for (const wrong of [
    '+/v7+/v7',
    `${text}=`,
    ` ${text.slice(1)}`,
    `${text}\n`,
    text.slice(1),
    `${text}A`,
    '',
    `${text.slice(1)}\u0100`,
    `${text.slice(1)}\u00e9`,
    `${text.slice(1)}\ud800`,
    `${text.slice(1)}\0`,
    `${text.slice(1)}=`,
  ]) {
    assert.equal(decodeBase64url(wrong, new Uint8Array(6)), false, JSON.stringify(wrong));
  }
});

test('a foreign character is refused at every place', () => {
  for (const length of [6, 7, 8]) {
    const text = encodeBase64url(new Uint8Array(length));
    for (let at = 0; at < text.length; at++) {
      assert.equal(decodeBase64url(`${text.slice(0, at)}*${text.slice(at + 1)}`, new Uint8Array(length)), false);
    }
  }
});
