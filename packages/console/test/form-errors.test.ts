/** What a form says when something is wrong, and at which field. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from 'holdfast/client';
import { checkForm, toFormErrors } from '../src/form-errors.ts';

const PROBLEM: Problem = { status: 400, code: '', title: '', detail: '', errors: [], retryAfterSeconds: null };

function refused(problem: Partial<Problem>) {
  return toFormErrors({ kind: 'refused', problem: { ...PROBLEM, ...problem } });
}

test('empty fields are named each, and summed up', () => {
  const errors = checkForm({ email: '', password: '' }, false);
  assert.deepEqual(Object.keys(errors.fields), ['email', 'password']);
  assert.notEqual(errors.summary, '');
});

test('only a new password has to be long enough, and characters are counted, not code units', () => {
  assert.deepEqual(checkForm({ email: 'a@b', password: 'short' }, false).fields, {});
  assert.deepEqual(Object.keys(checkForm({ email: 'a@b', password: '🌊🌊🌊🌊' }, true).fields), ['password']);
  assert.deepEqual(checkForm({ email: 'a@b', password: '🌊'.repeat(8) }, true).fields, {});
});

test('AU1: wrong credentials do not say which of the two was wrong', () => {
  const errors = refused({ status: 401, code: 'wrong-credentials' });
  assert.deepEqual(errors.fields, {});
  assert.match(errors.summary, /email and password/);
});

test('the fields that the service names show its words; others join the summary', () => {
  const errors = refused({
    status: 422,
    code: 'validation-failed',
    errors: [
      { pointer: '/password', detail: 'password is too common.' },
      { pointer: '/email', detail: 'Not an address.' },
      { pointer: '/colour', detail: 'No such colour.' },
    ],
  });
  assert.deepEqual(errors.fields, { password: 'Password is too common.', email: 'Not an address.' });
  assert.match(errors.summary, /No such colour\./);
});

test('a throttled form says how long to wait', () => {
  assert.match(refused({ status: 429, code: 'too-many-requests', retryAfterSeconds: 90 }).summary, /2 minutes/);
  assert.match(refused({ status: 429, code: 'too-many-requests' }).summary, /a while/);
});

test('an answer without a known code still says something', () => {
  assert.notEqual(refused({}).summary, '');
  assert.equal(refused({ detail: 'Because.' }).summary, 'Because.');
  assert.match(toFormErrors({ kind: 'unreachable', retryAfterSeconds: null }).summary, /not answering/);
});
