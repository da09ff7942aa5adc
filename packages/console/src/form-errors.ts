/** What went wrong with a form, and which field to go to. */
import type { Answer } from 'holdfast/client';
import { toWait } from './times.ts';

export type FieldName = 'email' | 'password' | 'name';

export interface FormErrors {
  /** One sentence about the whole form; empty where the fields say it all. */
  readonly summary: string;
  readonly fields: Readonly<Partial<Record<FieldName, string>>>;
  /** The address has an account already. */
  readonly isRegistered: boolean;
}

export const NO_ERRORS: FormErrors = { summary: '', fields: {}, isRegistered: false };

/** The shortest password, in characters; the service has the last word. */
const SHORTEST_PASSWORD = 8;
const FIELD_NAMES: readonly FieldName[] = ['email', 'password', 'name'];

/** What can be told without asking the service. */
export function checkForm(values: { email: string; password: string }, isNew: boolean): FormErrors {
  const fields: Partial<Record<FieldName, string>> = {};
  if (values.email === '') fields.email = 'Enter your email address.';
  else if (!/^[^\s@]+@[^\s@]+$/.test(values.email)) fields.email = 'Enter an address like name@example.com.';
  if (values.password === '') fields.password = isNew ? 'Choose a password.' : 'Enter your password.';
  else if (isNew && [...values.password].length < SHORTEST_PASSWORD) {
    fields.password = `Use at least ${SHORTEST_PASSWORD} characters.`;
  }
  return withSummary(fields);
}

/** What the service said. Its codes decide; its own words are shown where they name a field. */
export function toFormErrors(result: Exclude<Answer, { kind: 'ok' }>): FormErrors {
  if (result.kind === 'unreachable') {
    return only('The service is not answering right now. Nothing you typed is lost: try again in a moment.');
  }
  const { problem } = result;
  switch (problem.code) {
    case 'wrong-credentials':
      return only('That email and password do not go together. Check both, and try again.');
    case 'already-registered':
      return { ...NO_ERRORS, fields: { email: 'There is already an account with this address.' }, isRegistered: true };
    case 'too-many-requests': {
      const wait = problem.retryAfterSeconds;
      return only(`Too many tries. Please wait ${wait === null ? 'a while' : toWait(wait)}, then try again.`);
    }
  }
  const fields: Partial<Record<FieldName, string>> = {};
  const elsewhere: string[] = [];
  for (const { pointer = '', detail = '' } of problem.errors) {
    const sentence = detail.charAt(0).toUpperCase() + detail.slice(1);
    const name = FIELD_NAMES.find((known) => pointer === `/${known}`);
    if (name === undefined) elsewhere.push(sentence);
    else fields[name] ??= sentence;
  }
  if (Object.keys(fields).length > 0) return withSummary(fields, elsewhere);
  return only(elsewhere.join(' ') || problem.detail || problem.title || 'The service could not do this. Try again.');
}

function withSummary(fields: FormErrors['fields'], more: readonly string[] = []): FormErrors {
  const count = Object.keys(fields).length;
  if (count > 1) more = ['Please check the fields marked below.', ...more];
  return { summary: more.join(' '), fields, isRegistered: false };
}

function only(summary: string): FormErrors {
  return { ...NO_ERRORS, summary };
}
