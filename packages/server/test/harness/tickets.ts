/** Back ends, embedded pages and API keys, as far as tests of one-time sessions need them. */
import assert from 'node:assert/strict';
import { openAccounts } from '../../src/accounts/open-accounts.ts';
import { createApiKeys } from '../../src/api-keys/api-keys.ts';
import type { Answer } from './client.ts';
import type { Running } from './service.ts';

export const SHOP = 'https://shop.example';
export const OTHER_SHOP = 'https://other.example';
/** The form of an id that nobody was ever given. */
export const UNKNOWN_ID = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Sends requests as a program does: no cookie, nothing that a browser adds. */
export interface BackEnd {
  readonly key: string;
  readonly keyId: string;
  create(contents?: unknown): Promise<Answer>;
  validate(body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

/** A back end with a new key for these origins, made past the service as the command does. */
export async function backEnd(running: Running, origins: readonly string[] = [SHOP]): Promise<BackEnd> {
  const accounts = await openAccounts(running.config);
  try {
    const { id, key } = await createApiKeys(accounts).create({ name: 'shop', origins });
    return { ...withKey(running.url, key), keyId: id };
  } finally {
    await accounts.close();
  }
}

/** The same with a key that may be none. */
export function withKey(url: string, key: string): Omit<BackEnd, 'keyId'> {
  const authorization = `Bearer ${key}`;
  const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    plain(url, 'POST', path, { authorization, ...headers }, body);
  return {
    key,
    create: (contents) => post('/auth/create-session', contents),
    validate: (body, headers) => post('/auth/validate-session', body, headers),
    get: (path, headers = {}) => plain(url, 'GET', path, { authorization, ...headers }),
  };
}

/** One request with nothing but what is given. */
export async function plain(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const setCookie = response.headers.getSetCookie();
  return { status: response.status, headers: response.headers, setCookie, text, json: <T>() => JSON.parse(text) as T };
}

/** The id in the answer of a creation. */
export function idOf(created: Answer): string {
  assert.equal(created.status, 201, created.text);
  return created.json<{ session_id: string }>().session_id;
}
