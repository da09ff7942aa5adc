/** Who is sent where: only a server's answer moves anybody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toRedirect, toRoute } from '../src/routes.ts';

test('SPEC 10: neither checking nor an outage sends anybody anywhere', () => {
  for (const path of ['/', '/account', '/sign-in', '/sign-up']) {
    assert.equal(toRedirect({ path, search: '' }, 'checking'), null);
    assert.equal(toRedirect({ path, search: '' }, 'unreachable'), null);
  }
});

test('signed out, the start leads to sign-in, and the account is left to its guard', () => {
  assert.equal(toRedirect({ path: '/account', search: '?a=1' }, 'signed-out'), null);
  assert.equal(toRedirect({ path: '/', search: '' }, 'signed-out'), '/sign-in');
  assert.equal(toRedirect({ path: '/sign-up', search: '?next=%2Fx' }, 'signed-out'), null);
});

test('signed in, the sign-in pages lead to where one wanted to go', () => {
  assert.equal(toRedirect({ path: '/sign-in', search: '?next=%2Freports%2F7' }, 'signed-in'), '/reports/7');
  assert.equal(toRedirect({ path: '/sign-up', search: '?next=%2F%2Fevil.example' }, 'signed-in'), '/account');
  assert.equal(toRedirect({ path: '/', search: '' }, 'signed-in'), '/account');
  assert.equal(toRedirect({ path: '/account', search: '' }, 'signed-in'), null);
});

test('an address that is no page stays where it is', () => {
  assert.equal(toRoute('/account/'), 'account');
  assert.equal(toRoute('/toString'), 'not-found');
  assert.equal(toRedirect({ path: '/nothing', search: '' }, 'signed-out'), null);
});
