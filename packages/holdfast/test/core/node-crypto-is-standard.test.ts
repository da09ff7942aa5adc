import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { equalConstantTime } from '../../src/core/crypto.ts';
import { nodeCrypto } from '../../src/runtime/node.ts';

test('the MAC over kept buffers is HMAC-SHA-256, for any key of up to a block and messages of any length in turn', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 5 }),
      (key, messages) => {
        const mac = nodeCrypto.createMac(key);
        for (const message of messages) {
          assert.equal(
            Buffer.from(mac(message)).toString('hex'),
            createHmac('sha256', key).update(message).digest('hex'),
          );
        }
      },
    ),
  );
});

test('two MACs used in turn do not disturb each other', () => {
  const [one, two] = [1, 2].map((byte) => ({
    key: Buffer.alloc(32, byte),
    mac: nodeCrypto.createMac(Buffer.alloc(32, byte)),
  }));
  for (let i = 0; i < 50; i++) {
    for (const { key, mac } of [one, two, two, one] as NonNullable<typeof one>[]) {
      const message = Buffer.from(`message ${i}`);
      assert.deepEqual(Buffer.from(mac(message)), createHmac('sha256', key).update(message).digest());
    }
  }
});

test('derived keys are HKDF-SHA-256 with an empty salt', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), fc.string({ maxLength: 40 }), (secret, label) => {
      const expected = new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), label, 32));
      assert.deepEqual(nodeCrypto.deriveKey(secret, label), expected);
    }),
  );
});

test('TK2: random bytes come in the length asked for and never twice', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 3000; i++) seen.add(Buffer.from(nodeCrypto.randomBytes(16)).toString('hex'));
  assert.equal(seen.size, 3000);
  for (const length of [0, 1, 4095, 4096, 4097, 10_000]) assert.equal(nodeCrypto.randomBytes(length).length, length);
  assert.ok(nodeCrypto.randomBytes(4096).some((byte) => byte !== 0));
});

test('random bytes handed out before are not changed by later calls', () => {
  const bytes = nodeCrypto.randomBytes(16);
  const before = Buffer.from(bytes).toString('hex');
  for (let i = 0; i < 600; i++) nodeCrypto.randomBytes(16);
  assert.equal(Buffer.from(bytes).toString('hex'), before);
});

test('the comparison in constant time is a comparison', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (a, b) => {
      assert.equal(equalConstantTime(a, b), Buffer.compare(a, b) === 0);
      assert.equal(equalConstantTime(a, a.slice()), true);
    }),
  );
});
