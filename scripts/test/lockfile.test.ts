/** The lockfile check finds optional packages that npm ci would miss, and describes them for the right platforms. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingEntries } from '../lockfile.ts';

test('an optional package that is named and not listed gets an entry for its platform', () => {
  const optionalDependencies = {
    '@x/tool-linux-x64-musl': '1.2.3',
    '@x/tool-darwin-arm64': '1.2.3',
    '@x/tool-wasm32-wasi': '1.2.3',
  };
  const packages = {
    'node_modules/tool': { version: '1.2.3', dev: true, optionalDependencies },
    'node_modules/@x/tool-darwin-arm64': { version: '1.2.3' },
    'node_modules/tool/node_modules/@x/tool-wasm32-wasi': { version: '1.2.3' },
  };
  assert.deepEqual(missingEntries(packages), {
    'node_modules/@x/tool-linux-x64-musl': {
      version: '1.2.3',
      cpu: ['x64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    },
  });
});
