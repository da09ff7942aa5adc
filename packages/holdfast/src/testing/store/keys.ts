/** Conformance: what the key canary lives on, the counts by key and the announcements of the fleet. */
import assert from 'node:assert/strict';
import type { Scenario } from './harness.ts';
import { sampleRecord } from './sample-record.ts';

export function keys(scenario: Scenario): void {
  scenario('an empty store counts nothing', async ({ store }) => {
    assert.deepEqual(await store.count(), { sessions: 0, byKey: {} });
  });

  scenario('a session counts under each key that a token of it may be signed with', async ({ store }) => {
    await store.create(sampleRecord({ keyId: 'aaaaaaaa' }));
    await store.create(sampleRecord({ keyId: 'aaaaaaaa', previousKeyId: 'bbbbbbbb' }));
    await store.create(sampleRecord({ keyId: 'cccccccc', previousKeyId: 'cccccccc', userId: null }));
    assert.deepEqual(await store.count(), { sessions: 3, byKey: { aaaaaaaa: 2, bbbbbbbb: 1, cccccccc: 1 } });
  });

  scenario('ended, expired and pointing records are not counted', async ({ store, time }) => {
    const ended = sampleRecord();
    await store.create(ended);
    await store.take(ended.id, { reason: 'revoked', at: time.now });
    await store.create(sampleRecord({ movedTo: 'elsewhere' }));
    await store.create(sampleRecord({ expiresAt: time.now + 1000, keyId: 'bbbbbbbb' }));
    assert.deepEqual(await store.count(), { sessions: 1, byKey: { bbbbbbbb: 1 } });
    time.now += 999;
    assert.equal((await store.count()).sessions, 1);
    time.now += 1;
    assert.deepEqual(await store.count(), { sessions: 0, byKey: {} });
  });

  scenario('a session that moves to a new key is counted under it', async ({ store }) => {
    const record = sampleRecord({ keyId: 'aaaaaaaa' });
    await store.create(record);
    await store.update(record.id, { fields: { keyId: 'bbbbbbbb', previousKeyId: 'aaaaaaaa' } });
    assert.deepEqual((await store.count()).byKey, { aaaaaaaa: 1, bbbbbbbb: 1 });
    await store.update(record.id, { fields: { previousKeyId: null } });
    assert.deepEqual((await store.count()).byKey, { bbbbbbbb: 1 });
  });

  scenario('a process replaces what it announced, and the others keep theirs', async ({ store, time }) => {
    const first = { instance: 'host:1', keyIds: ['aaaaaaaa', 'bbbbbbbb'], at: time.now };
    const other = { instance: 'host:2', keyIds: ['cccccccc'], at: time.now };
    const renewed = { instance: 'host:1', keyIds: ['dddddddd'], at: time.now + 10 };
    assert.deepEqual(await store.listKeyAnnouncements(0), []);
    await store.announceKeys(first);
    await store.announceKeys(other);
    assert.deepEqual(sorted(await store.listKeyAnnouncements(0)), [first, other]);
    time.now += 10;
    await store.announceKeys(renewed);
    assert.deepEqual(sorted(await store.listKeyAnnouncements(0)), [renewed, other]);
  });

  scenario('only announcements made at the given time or later are listed', async ({ store, time }) => {
    const at = time.now;
    await store.announceKeys({ instance: 'host:1', keyIds: ['aaaaaaaa'], at });
    assert.equal((await store.listKeyAnnouncements(at)).length, 1);
    assert.equal((await store.listKeyAnnouncements(at + 1)).length, 0);
  });
}

function sorted<T extends { readonly instance: string }>(announcements: readonly T[]): T[] {
  return [...announcements].sort((a, b) => (a.instance < b.instance ? -1 : 1));
}
