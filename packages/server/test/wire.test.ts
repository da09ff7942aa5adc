/** How answers write times and name devices. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deviceName } from '../src/sessions/device-name.ts';
import { toWireTime } from '../src/sessions/wire-time.ts';

test('times are written as ISO 8601, whatever the day', () => {
  const time = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });
  fc.assert(fc.property(time, (at) => toWireTime(at) === new Date(at).toISOString()));
  assert.equal(toWireTime(0), '1970-01-01T00:00:00.000Z');
});

test('devices get a name that their owner recognises', () => {
  const names: Readonly<Record<string, string>> = {
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36':
      'Chrome on Linux',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0':
      'Edge on Windows',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Version/19.0 Mobile/1 Safari/604.1':
      'Safari on iPhone',
    'Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0': 'Firefox on Android',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15':
      'Safari on macOS',
    'curl/8.5.0': 'curl',
    'something else': 'Unknown device',
  };
  for (const [userAgent, name] of Object.entries(names)) assert.equal(deviceName(userAgent), name);
  assert.equal(deviceName(undefined), 'Unknown device');
});
