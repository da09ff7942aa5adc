/** After sign-in people return to where they were, and never to the sign-in pages; `holdfast/client/returning` does the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toReturnPath } from '../src/return-path.ts';

function after(next: string): string {
  return toReturnPath(`?${new URLSearchParams({ next })}`);
}

test('a path of this origin is kept; an address of another one, and none at all, become the account page', () => {
  assert.equal(after('/reports/7?tab=devices#top'), '/reports/7?tab=devices#top');
  for (const trap of ['https://evil.example', '//evil.example', '/\\evil.example', '']) {
    assert.equal(after(trap), '/account', JSON.stringify(trap));
  }
  assert.equal(toReturnPath(''), '/account');
});

test('the sign-in pages are no place to return to', () => {
  for (const path of ['/', '/sign-in', '/sign-up?next=/sign-in', '/x/../sign-in'])
    assert.equal(after(path), '/account');
});
