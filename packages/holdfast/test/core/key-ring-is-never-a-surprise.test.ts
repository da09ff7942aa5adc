import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import { HoldfastError } from '../../src/core/errors.ts';
import { createKeyRing, keyIdOf } from '../../src/core/key-ring.ts';
import { checkToken } from '../../src/core/token.ts';
import { createSessions, generateSecret } from '../../src/index.ts';
import { nodeCrypto } from '../../src/runtime/node.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { createWorld, NEW_SECRET, OLD_SECRET } from './world.ts';

function derive(secret: string, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', label, 32));
}

test('a known secret gives the fingerprint and the token that the written recipe gives', () => {
  const keyId = derive(NEW_SECRET, 'holdfast v1 key id').toString('hex', 0, 4);
  const head = Buffer.concat([
    Buffer.from([0x12]),
    Buffer.from(keyId, 'hex'),
    Buffer.from('695ba940', 'hex'),
    Buffer.alloc(16, 7),
    Buffer.from('000005', 'hex'),
  ]);
  const tag = createHmac('sha256', derive(NEW_SECRET, 'holdfast v1 refresh token')).update(head).digest();
  const token = Buffer.concat([head, tag]).toString('base64url');

  assert.deepEqual(checkToken(createKeyRing([NEW_SECRET], nodeCrypto), 'refresh', token), {
    sessionId: Buffer.alloc(16, 7).toString('base64url'),
    generation: 5,
    time: 0x695ba940,
    keyId,
  });
  // Pinned: were the recipe to change, every token and every stored fingerprint would be of no use from one day to the next.
  assert.equal(keyId, 'ad0f3dd2');
  assert.equal(token, 'Eq0PPdJpW6lABwcHBwcHBwcHBwcHBwcHBwAABWvw3WU1w21Xx3hHQsipPxqoXTwfo9Mf2LHuT8qRjPnn');
});

test('each purpose has a key of its own', () => {
  const key = createKeyRing([NEW_SECRET], nodeCrypto).signing;
  const message = new Uint8Array(28);
  const access = Buffer.from(key.access(message)).toString('hex');
  assert.notEqual(access, Buffer.from(key.refresh(message)).toString('hex'));
});

test('the first secret signs, all are found, and a strange number finds nothing', () => {
  const ring = createKeyRing([NEW_SECRET, OLD_SECRET], nodeCrypto);
  assert.deepEqual(ring.ids, [keyIdOf(NEW_SECRET, nodeCrypto), keyIdOf(OLD_SECRET, nodeCrypto)]);
  assert.equal(ring.signing.id, ring.ids[0]);
  assert.equal(ring.find(Number.parseInt(ring.ids[1] as string, 16))?.id, ring.ids[1]);
  assert.equal(ring.find(0), undefined);
});

test('a fingerprint is eight hex digits, also when it begins with zeros', () => {
  for (let i = 0; i < 2000; i++)
    assert.match(keyIdOf(`a secret that is long enough ${i}`, nodeCrypto), /^[0-9a-f]{8}$/);
});

function problemsOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof HoldfastError);
    return `${error.code}\n${error.message}`;
  }
  return assert.fail('nothing was thrown');
}

test('TK11: every problem of every secret is told at once, without repeating a secret', () => {
  const weak = 'changeme-changeme-changeme-changeme';
  const told = problemsOf(() => createKeyRing([OLD_SECRET, 'short', weak, OLD_SECRET], nodeCrypto));
  assert.match(told, /^invalid-secret/);
  assert.match(told, /secret 2 of 4: the secret has 5 bytes/);
  assert.match(told, /secret 3 of 4: .*well-known sample/);
  assert.match(told, /secret 4 of 4 is there twice/);
  assert.doesNotMatch(told, /changeme|Zk3v/);
});

test('no secret is a problem with a fix, and never a random key', () => {
  assert.match(
    problemsOf(() => createKeyRing([], nodeCrypto)),
    /invalid-secret\nno session secret.*holdfast keys generate/,
  );
  const store = memoryStore();
  for (const secrets of ['', ' , ,', [], undefined as unknown as string]) {
    assert.match(
      problemsOf(() => createSessions({ store, secrets })),
      /invalid-secret\nno session secret/,
    );
  }
});

test('secrets, policy and times that cannot work are told together', () => {
  const told = problemsOf(() =>
    createSessions({
      store: memoryStore(),
      secrets: 'short',
      policy: { idleSeconds: 0, maxPerUser: 0.5 },
      deadlineMs: Number.POSITIVE_INFINITY,
      sweepSeconds: Number.NaN,
    }),
  );
  for (const part of [/5 bytes/, /idleSeconds/, /maxPerUser/, /deadlineMs/, /sweepSeconds/]) assert.match(told, part);
});

test('the value of SESSION_SECRET and the list of its secrets make the same ring', async () => {
  const first = generateSecret();
  const second = generateSecret();
  for (const secrets of [`${first},${second}`, ` ${first} ,\n${second}\n`, [first, second]]) {
    const sessions = createSessions({ store: memoryStore(), secrets, sweepSeconds: 0 });
    const report = await sessions.checkKeys('here');
    assert.equal(report.status, 'checked');
    if (report.status === 'checked')
      assert.deepEqual(
        report.keyIds,
        [first, second].map((s) => keyIdOf(s, nodeCrypto)),
      );
    await sessions.close();
  }
});

test('a list whose secrets still hold commas or line breaks is refused, because it would make other keys', () => {
  const first = generateSecret();
  const told = problemsOf(() => createKeyRing([`${first},${generateSecret()}`, `${generateSecret()}\n`], nodeCrypto));
  assert.match(told, /secret 1 of 2: the secret contains a comma/);
  assert.match(told, /secret 2 of 2: the secret begins or ends with blanks/);
});

test('keys can be checked while the store takes no writes, so that a full disk keeps no process from starting', async () => {
  const world = createWorld();
  await world.sessions.start({ userId: 'ada' });
  world.plan = (_call, operation) => (operation === 'announceKeys' ? 'fails' : null);
  const report = await world.sessions.checkKeys('here');
  assert.ok(report.status === 'checked');
  assert.equal(report.sessions, 1);
});
