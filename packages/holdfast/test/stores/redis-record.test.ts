/** A record in Redis is what it was: its bytes come back, and Redis itself reads the same from them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type RedisServer, startRedis } from '../../../../test/services/redis.ts';
import type { SessionData, SessionRecord } from '../../src/core/record.ts';
import { newSessionId } from '../../src/core/session-id.ts';
import { bucketOf, fieldOfId, idOfField } from '../../src/stores/redis/bucket.ts';
import { decodeStored } from '../../src/stores/redis/decode-record.ts';
import { encodeRecord, encodeTombstone, encodeTouch } from '../../src/stores/redis/encode-record.ts';
import { LOOK } from '../../src/stores/redis/scripts/look.ts';
import { script } from '../../src/stores/redis/scripts/script.ts';
import { sampleId, sampleRecord } from '../../src/testing/store/sample-record.ts';

const EVER = Number.NEGATIVE_INFINITY;

const text = fc.string({ unit: 'binary', maxLength: 40 });
const time = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1_600_000_000_000, max: 3_000_000_000_000 }) },
  fc.constantFrom(0, 2 ** 48 - 1, 2 ** 48, Number.MAX_SAFE_INTEGER, -1, -1e15, 0.5, 1_700_000_000_000.25),
);
const number = fc.oneof(
  { weight: 4, arbitrary: fc.nat() },
  fc.constantFrom(0xffff_ffff, 2 ** 32, Number.MAX_SAFE_INTEGER, -5, 1.5),
);
const keyId = fc.oneof(fc.stringMatching(/^[0-9a-f]{8}$/), fc.constantFrom('', '0A1B2C3D', 'a key of another kind'));
const userId = fc.oneof(
  fc.constant(null),
  fc.uuid(),
  fc.stringMatching(/^[\w-]{21}[AQgw]$/),
  fc.stringMatching(/^[\w-]{22}$/),
  fc.constantFrom('', 'x'.repeat(17), 'x'.repeat(18), 'ä'.repeat(9), 'auth0|0123456789abcdef01234567'),
  text,
);

const record: fc.Arbitrary<SessionRecord> = fc
  .record({
    id: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    version: fc.oneof(fc.nat(), fc.constant(0xffff_ffff)),
    userId,
    createdAt: time,
    authenticatedAt: fc.option(time),
    amr: fc.oneof(fc.constant([]), fc.constant(['pwd']), fc.array(text, { maxLength: 3 })),
    idleSeconds: number,
    absoluteExpiresAt: time,
    lastSeenAt: time,
    expiresAt: time,
    device: fc.record({ userAgent: text, ip: text }, { requiredKeys: [] }),
    data: fc.dictionary(text, fc.jsonValue({ stringUnit: 'binary' }), { maxKeys: 4 }),
    generation: number,
    confirmedIssuedAt: number,
    keyId,
    previousKeyId: fc.option(keyId),
    movedTo: fc.option(fc.oneof(fc.constant(sampleId()), text)),
  })
  .map((made) => ({
    ...made,
    id: newSessionId(made.id, made.userId),
    device: { ...made.device },
    data: JSON.parse(JSON.stringify(made.data)) as SessionData,
  }));

describe('the bytes of a record', () => {
  test('any record comes back from its bytes', () => {
    fc.assert(
      fc.property(record, (original) => {
        const { head, extras } = encodeRecord(original);
        const found = decodeStored(original.id, { head, touch: null, extras: extras.length > 0 ? extras : null }, EVER);
        assert.deepEqual(found, { status: 'live', record: original });
      }),
      { numRuns: 1500, seed: 20300101 },
    );
  });

  test('any id comes back from its field', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const id = newSessionId(bytes, null);
        const home = ((bytes[0] as number) << 6) | ((bytes[1] as number) >> 2);
        const field = fieldOfId(id);
        assert.equal(field?.length, 15);
        assert.equal(idOfField(home, field as Buffer), id);
      }),
    );
  });

  test('a text that is no id has no field', () => {
    for (const no of ['', 'short', `${sampleId()}A`, `${sampleId().slice(0, 21)}+`, `${sampleId().slice(0, 21)}\n`]) {
      assert.equal(fieldOfId(no), null, JSON.stringify(no));
    }
  });

  test('a lean record is a head of 62 bytes and nothing else, so that its bucket stays packed', () => {
    for (const user of ['6f1f2f4e-5a0b-4c3d-8e9f-000102030405', 'AAECAwQFBgcICQoLDA0ODw']) {
      const { head, extras } = encodeRecord(sampleRecord({ userId: user }));
      assert.deepEqual([head.length, extras.length], [62, 0]);
    }
    const long = encodeRecord(sampleRecord({ userId: 'somebody with a long name@example.test' }));
    assert.equal(long.head.length, 64);
  });

  test('bytes that are no record are undecodable, and nothing is thrown', () => {
    const { head, extras } = encodeRecord(sampleRecord({ data: { a: 1 }, device: { ip: '192.0.2.1' } }));
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 80 }), spoiled(head)),
        fc.option(fc.oneof(fc.uint8Array({ maxLength: 80 }), spoiled(extras))),
        fc.option(fc.uint8Array({ maxLength: 20 })),
        (h, x, t) => {
          const stored = { head: Buffer.from(h), touch: t && Buffer.from(t), extras: x && Buffer.from(x) };
          const { status } = decodeStored(sampleId(), stored, EVER);
          assert.ok(['live', 'ended', 'undecodable'].includes(status));
        },
      ),
      { numRuns: 2000, seed: 20300101 },
    );
  });
});

describe('the bytes of a record in the hands of Redis', () => {
  let server: RedisServer;
  before(async () => {
    server = await startRedis();
  });
  after(() => server.stop());

  /** Answers state, version, lastSeenAt and expiresAt as a script sees them. */
  const looked = script([
    LOOK,
    `
local state, h, t, x, last, ends = look(ARGV[2])
return {state, h and #h > 5 and string.format('%.0f', (struct.unpack('>I4', h, 3))) or '', string.format('%.0f', last or -1),
  string.format('%.0f', ends or -1)}
`,
  ]);
  const { sessions, touches, extras: extrasKey } = bucketOf('look', 0);

  async function look(head: Buffer, touch: Buffer | null, extras: Buffer | null, now = 0): Promise<string[]> {
    await server.command('DEL', sessions, touches, extrasKey);
    await server.command('HSET', sessions, 'f', head);
    if (touch !== null) await server.command('HSET', touches, 'f', touch);
    if (extras !== null) await server.command('HSET', extrasKey, 'f', extras);
    const text = await server.command('EVAL', looked.source, '3', sessions, touches, extrasKey, String(now), 'f');
    return text.split('\n');
  }

  test('a script and this process take a record apart alike', async () => {
    const shapes = fc.sample(record, { numRuns: 60, seed: 20300101 });
    for (const original of shapes) {
      const { head, extras } = encodeRecord(original);
      const [state, version, last, ends] = await look(head, null, extras.length > 0 ? extras : null, -1e18);
      assert.equal(state, '1');
      assert.equal(version, String(original.version));
      assert.equal(Number(last), Math.min(Math.max(0, Math.floor(original.lastSeenAt)), 2 ** 48 - 1));
      assert.equal(Number(ends), Math.min(Math.max(0, Math.floor(original.expiresAt)), 2 ** 48 - 1));
    }
  });

  test('a script works the touch in', async () => {
    const original = sampleRecord();
    const { head } = encodeRecord(original);
    const later = original.lastSeenAt + 5;
    assert.deepEqual(await look(head, encodeTouch(later, original.expiresAt - 1), null), [
      '1',
      '1',
      String(later),
      String(original.expiresAt),
    ]);
  });

  test('a script and this process agree on what cannot be read', async () => {
    const { head, extras } = encodeRecord(sampleRecord({ data: { a: 1 } }));
    const tombstone = encodeTombstone({ reason: 'signed-out', at: 5 });
    const heads: Buffer[] = [
      Buffer.alloc(0),
      Buffer.from([1]),
      Buffer.from([1, 0]),
      tombstone,
      tombstone.subarray(0, 7),
    ];
    for (let byte = 0; byte < 2; byte++) {
      for (let value = 0; value < 256; value += 1) {
        const spoilt = Buffer.from(byte === 0 || value % 3 === 0 ? head : tombstone);
        spoilt[byte] = value;
        heads.push(spoilt);
      }
    }
    for (const [n, each] of heads.entries()) {
      if (n % 5 !== 0 && n > 20) continue;
      const here = decodeStored(sampleId(), { head: each, touch: null, extras: withFlag(each) ? extras : null }, EVER);
      const [state] = await look(each, null, withFlag(each) ? extras : null, -1e18);
      const expected = { live: '1', ended: '2', undecodable: '3', absent: '0' }[here.status];
      // What refers to extras that lack it can be told here alone; a script never takes those apart.
      if (here.status === 'undecodable' && /extras|points/.test(here.detail)) continue;
      assert.equal(state, expected, each.toString('hex'));
    }
  });
});

function withFlag(head: Buffer): boolean {
  return ((head[1] ?? 0) & 1) === 1;
}

function spoiled(bytes: Buffer): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length)).map(([at, value, end]) => {
    const copy = Buffer.from(bytes.subarray(0, end));
    if (at < end) copy[at] = value;
    return copy;
  });
}
