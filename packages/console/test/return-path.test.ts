/** Nobody is sent to another site after sign-in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { signInAddress } from 'holdfast/client/returning';
import { toReturnPath } from '../src/return-path.ts';

const ORIGIN = 'https://id.example.com';

test('a path of this origin is kept with its query and fragment', () => {
  for (const path of ['/account?tab=devices#top', '/reports/7', '/a%2Fb?x=1&y=%26']) {
    assert.equal(toReturnPath(new URL(signInAddress('/sign-in', path), ORIGIN).search), path);
  }
});

test('every address that leaves the origin becomes the account page', () => {
  const traps = [
    'https://evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    ' /account',
    'account',
    '',
  ];
  for (const trap of traps) {
    assert.equal(toReturnPath(`?${new URLSearchParams({ next: trap })}`), '/account', JSON.stringify(trap));
  }
});

test('the sign-in pages are no place to return to', () => {
  for (const path of ['/', '/sign-in', '/sign-up?next=/sign-in', '/x/../sign-in']) {
    assert.equal(toReturnPath(`?${new URLSearchParams({ next: path })}`), '/account');
  }
});

test('whatever the query says, the result stays on the origin', () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    '\t',
    '\n',
    '%2f',
    '%5c',
    '@',
    ':',
    '?',
    '#',
    'evil.example',
    'a',
  );
  const nasty = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.webUrl()), (next) => {
      const path = toReturnPath(`?${new URLSearchParams({ next })}`);
      assert.ok(path.startsWith('/'));
      assert.equal(new URL(path, ORIGIN).origin, ORIGIN);
    }),
  );
});
