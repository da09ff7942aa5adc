/** The list of devices as people read it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toDevices } from '../src/devices.ts';
import { toDistance, toWait } from '../src/times.ts';

const AT = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-02T00:00:00.000Z';

test('this device comes first, then the most recently used', () => {
  const devices = toDevices({
    sessions: [
      { id: 'old', created_at: AT, last_seen_at: AT, device: 'Safari on iPhone', is_current: false },
      { id: 'new', created_at: AT, last_seen_at: LATER, device: 'Firefox on Windows', is_current: false },
      { id: 'this', created_at: AT, last_seen_at: AT, device: '', is_current: true },
    ],
  });
  assert.deepEqual(
    devices?.map((device) => device.id),
    ['this', 'new', 'old'],
  );
  assert.equal(devices?.[0]?.label, 'Unknown device');
});

test('an answer that is no list is none, and a row that cannot be shown is left out; nothing throws', () => {
  assert.equal(toDevices(null), null);
  assert.equal(toDevices({ sessions: {} }), null);
  assert.deepEqual(toDevices({ sessions: [{ id: 1 }, null, { id: 'x', created_at: 'yesterday' }] }), []);
  fc.assert(fc.property(fc.anything(), (sessions) => void toDevices({ sessions })));
});

test('distances and waits are told in the largest whole unit', () => {
  assert.equal(toDistance(-20_000, 'en'), 'now');
  assert.equal(toDistance(-5 * 60_000, 'en'), '5 minutes ago');
  assert.equal(toDistance(-26 * 3_600_000, 'en'), 'yesterday');
  assert.equal(toDistance(3 * 86_400_000, 'de'), 'in 3 Tagen');
  assert.equal(toWait(0.2, 'en'), '1 second');
  assert.equal(toWait(61, 'en'), '2 minutes');
});
