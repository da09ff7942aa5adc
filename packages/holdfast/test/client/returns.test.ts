/** Nobody is sent to another site after sign-in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { returnPath, signInAddress } from '../../src/client/returning.ts';

const ORIGIN = 'https://id.example.com';

function back(path: string): string {
  return returnPath(new URL(signInAddress('/sign-in', path), ORIGIN).search);
}

test('a path of this origin is kept with its query and fragment', () => {
  for (const path of ['/', '/account?tab=devices#top', '/reports/7', '/a%2Fb?x=1&y=%26'])
    assert.equal(back(path), path);
});

test('every address that leaves the origin becomes the fallback', () => {
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
    const search = `?${new URLSearchParams({ next: trap })}`;
    assert.equal(returnPath(search), '/', JSON.stringify(trap));
    assert.equal(returnPath(search, '/account'), '/account');
  }
  assert.equal(returnPath('', '/account'), '/account');
});

test('the sign-in page keeps its query and its fragment, and the parameter its name', () => {
  assert.equal(signInAddress('/sign-in', '/a?b=c'), '/sign-in?next=%2Fa%3Fb%3Dc');
  assert.equal(signInAddress('/in?lang=de#form', '/a', 'to'), '/in?lang=de&to=%2Fa#form');
  assert.equal(returnPath('?to=%2Fa&next=%2Fb', '/', 'to'), '/a');
  assert.equal(signInAddress('https://id.example.com/in', '/a'), 'https://id.example.com/in?next=%2Fa');
});

test('whatever the query says, the result stays on the origin', () => {
  const pieces = ['/', '\\', '.', '..', '\t', '\n', '%2f', '%5c', '@', ':', '?', '#', 'evil.example', 'a'];
  const nasty = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((chosen) => `/${chosen.join('')}`);
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' }), fc.webUrl()), (next) => {
      const path = returnPath(`?${new URLSearchParams({ next })}`);
      assert.ok(path.startsWith('/'));
      assert.equal(new URL(path, ORIGIN).origin, ORIGIN);
    }),
  );
});
