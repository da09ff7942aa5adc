/** Conformance: every field and any JSON comes back exactly as it went in. */
import assert from 'node:assert/strict';
import type { Json, SessionData } from '../../core/record.ts';
import type { Scenario } from './harness.ts';
import { sampleRecord } from './sample-record.ts';

const UNICODE = 'žluťoučký 🐎 \u0000\u001f"\\\u2028 क्षि ﷺ e\u0301';

export function roundTrip(scenario: Scenario): void {
  scenario('every field comes back, whatever text is in it', async ({ store, time }) => {
    const record = sampleRecord({
      version: 12,
      userId: `user ${UNICODE}`,
      createdAt: time.now - 5,
      authenticatedAt: time.now - 4,
      amr: ['pwd', 'otp', UNICODE],
      idleSeconds: 31_536_000,
      absoluteExpiresAt: Number.MAX_SAFE_INTEGER,
      lastSeenAt: time.now - 3,
      expiresAt: time.now + 2,
      device: { userAgent: UNICODE, ip: '2001:db8:ffff:ffff:ffff:ffff:255.255.255.255' },
      data: { [UNICODE]: [UNICODE, { [UNICODE]: null }], '': '' },
      generation: 4_294_967_295,
      confirmedIssuedAt: 4_294_967_295,
      keyId: 'ffffffff',
      previousKeyId: '00000000',
    });
    await store.create(record);
    assert.deepEqual(await store.read(record.id), { status: 'live', record });
    assert.deepEqual(await store.listByUser(record.userId as string), [record]);
    await store.update(record.id, { set: { more: UNICODE } });
    const expected = { ...record, version: 13, data: { ...record.data, more: UNICODE } };
    assert.deepEqual(await store.read(record.id), { status: 'live', record: expected });
  });

  scenario('fields that are empty come back empty', async ({ store }) => {
    const anonymous = sampleRecord({ userId: null, authenticatedAt: null, amr: [], device: {}, data: {} });
    const half = [sampleRecord({ device: { ip: '192.0.2.1' } }), sampleRecord({ device: { userAgent: '' } })];
    for (const record of [anonymous, ...half]) {
      await store.create(record);
      assert.deepEqual(await store.read(record.id), { status: 'live', record });
    }
  });

  scenario('a megabyte of data comes back', async ({ store }) => {
    const record = sampleRecord({
      data: { large: 'ä'.repeat(500_000), list: Array.from({ length: 5000 }, (_, n) => n) },
    });
    await store.create(record);
    assert.deepEqual(await store.read(record.id), { status: 'live', record });
    const updated = await store.update(record.id, { set: { small: 1 } });
    assert.deepEqual(updated.status === 'updated' && updated.record.data, { ...record.data, small: 1 });
  });

  scenario('keys that JavaScript treats in a special way are data like any other', async ({ store }) => {
    const hostile = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    ) as SessionData;
    const record = sampleRecord({ data: hostile });
    await store.create(record);
    await store.update(record.id, { set: JSON.parse('{"__proto__":{"polluted":2},"toString":1}') as SessionData });
    const read = await store.read(record.id);
    assert.equal(read.status, 'live');
    assert.equal(Object.getPrototypeOf(read.record.data), Object.prototype);
    assert.equal('polluted' in {}, false);
    assert.equal('polluted' in read.record.data, false);
    const expected = '{"__proto__":{"polluted":2},"constructor":{"prototype":{"polluted":1}},"toString":1}';
    assert.deepEqual(Object.entries(read.record.data).sort(), Object.entries(JSON.parse(expected)).sort());
    const plain = sampleRecord();
    await store.create(plain);
    const added = await store.update(plain.id, { set: JSON.parse('{"__proto__":{"polluted":3}}') as SessionData });
    assert.equal(added.status === 'updated' && JSON.stringify(added.record.data), '{"__proto__":{"polluted":3}}');
    await store.update(record.id, { unset: ['__proto__', 'constructor', 'toString', 'valueOf'] });
    const emptied = await store.read(record.id);
    assert.deepEqual(emptied.status === 'live' && Object.keys(emptied.record.data), []);
  });

  scenario('any JSON comes back from a creation and from an update', async ({ store }) => {
    const fc = await fastCheck();
    const data = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }), { maxKeys: 5 });
    await fc.assert(
      fc.asyncProperty(data, data, async (first, second) => {
        const record = sampleRecord({ data: asJson(first) });
        await store.create(record);
        const created = await store.read(record.id);
        assert.deepEqual(created.status === 'live' && entries(created.record.data), entries(asJson(first)));
        await store.update(record.id, { set: asJson(second) });
        const updated = await store.read(record.id);
        const expected = new Map([...Object.entries(asJson(first)), ...Object.entries(asJson(second))]);
        assert.deepEqual(updated.status === 'live' && entries(updated.record.data), [...expected].sort(byKey));
      }),
      { numRuns: 200, seed: 20300101 },
    );
  });
}

/** Loaded late, so that only who runs the suite needs it installed. */
async function fastCheck(): Promise<typeof import('fast-check')> {
  try {
    return await import('fast-check');
  } catch (cause) {
    throw new Error('the conformance suite generates its data with fast-check: npm install --save-dev fast-check', {
      cause,
    });
  }
}

/** As JSON carries it: -0 becomes 0. */
function asJson(value: unknown): SessionData {
  return JSON.parse(JSON.stringify(value)) as SessionData;
}

function entries(data: SessionData): [string, Json][] {
  return Object.entries(data).sort(byKey);
}

function byKey(a: readonly [string, Json], b: readonly [string, Json]): number {
  return a[0] < b[0] ? -1 : Number(a[0] > b[0]);
}
