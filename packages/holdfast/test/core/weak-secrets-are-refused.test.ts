import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSecrets, secretProblems } from '../../src/core/secrets.ts';
import { generateSecret } from '../../src/index.ts';

test('TK11: no secret that came from a generator is ever refused', () => {
  const generators: Record<string, () => string> = {
    'holdfast keys generate': generateSecret,
    'openssl rand -hex 32': () => randomBytes(32).toString('hex'),
    'openssl rand -hex 16': () => randomBytes(16).toString('hex'),
    'openssl rand -base64 32': () => randomBytes(32).toString('base64'),
    'openssl rand -base64 48': () => randomBytes(48).toString('base64'),
    uuidgen: randomUUID,
  };
  for (const [name, generate] of Object.entries(generators)) {
    for (let i = 0; i < 1000; i++) {
      const secret = generate();
      assert.deepEqual(secretProblems(secret), [], `${name}: ${secret}`);
    }
  }
});

test('a generated secret is 43 characters and never the same', () => {
  const secrets = new Set(Array.from({ length: 100 }, generateSecret));
  assert.equal(secrets.size, 100);
  for (const secret of secrets) assert.match(secret, /^[\w-]{43}$/);
});

test('TK11: short secrets are refused with the length they have and the fix', () => {
  assert.deepEqual(secretProblems(generateSecret().slice(0, 31)), [
    'the secret has 31 bytes and needs at least 32; make one with: holdfast keys generate',
  ]);
  assert.equal(secretProblems('').length, 1);
  assert.deepEqual(secretProblems('äöüßéèêëàâçñøåœæÄÖÜÉ'), [], 'bytes count, not characters');
});

test('TK11: texts from tutorials and sample files are refused', () => {
  for (const sample of [
    'keyboard cat keyboard cat keyboard cat',
    'changeme-changeme-changeme-changeme',
    'CHANGE_ME_TO_SOMETHING_RANDOM_PLEASE_NOW',
    'complex_password_at_least_32_characters_long',
    'your-256-bit-secret-goes-right-here!!',
    'my-super-secret-session-key-for-this-app',
    'django-insecure-#$%ghjkl;qwertyuiop1234567',
    'this-is-only-an-example-secret-1234567890',
    '0123456789abcdef0123456789abcdef',
    'qwertyuiopasdfghjklzxcvbnm123456',
  ]) {
    assert.match(secretProblems(sample).join(), /well-known sample/, sample);
  }
});

test('TK11: regular texts are refused, however long', () => {
  for (const regular of [
    'a'.repeat(40),
    'ab'.repeat(100),
    'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN',
    '12345678901234567890123456789012345',
    'x1y2'.repeat(20),
    'zyxwvutsrqponmlkjihgfedcba9876543210',
    ' '.repeat(40),
    '\u0000'.repeat(64),
  ]) {
    assert.match(secretProblems(regular).join(), /too regular|blanks/, regular);
  }
});

test('a problem never repeats the secret', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 6, maxLength: 60 }), (secret) => {
      const alphabetic = `Q${secret.replaceAll(/[a-z0-9\s]/g, 'Z')}X`;
      for (const problem of secretProblems(alphabetic)) assert.ok(!problem.includes(alphabetic));
    }),
  );
});

test('SESSION_SECRET is split at commas, newest first, and blanks do not count', () => {
  assert.deepEqual(parseSecrets('new,old'), ['new', 'old']);
  assert.deepEqual(parseSecrets(' new , old\n'), ['new', 'old']);
  assert.deepEqual(parseSecrets('\r\none\r\n'), ['one']);
  assert.deepEqual(parseSecrets(',,a,,b,'), ['a', 'b']);
  assert.deepEqual(parseSecrets(''), []);
});
