/** Which back end sent a request: its API key, or the 401 that says how to get one. */
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../ops/problem-error.ts';
import { bearerOf } from './api-key.ts';
import type { ApiKey, ApiKeys } from './api-keys.ts';

/** Whether a request speaks for a back end, by a good key or a bad one. Then cookies and what guards them do not matter. */
export function bearsApiKey({ headers }: FastifyRequest): boolean {
  return bearerOf(headers.authorization) !== null;
}

/** Null when the request names no key. Throws the 401 for one that is not good. */
export async function apiKeyOf({ headers }: FastifyRequest, keys: ApiKeys): Promise<ApiKey | null> {
  const text = bearerOf(headers.authorization);
  if (text === null) return null;
  const key = await keys.verify(text);
  if (key === null) throw badKey('The key is mistyped, unknown or revoked.', 'Bearer error="invalid_token"');
  return key;
}

/** The same where nobody else may ask. */
export async function requireApiKey(request: FastifyRequest, keys: ApiKeys): Promise<ApiKey> {
  const key = await apiKeyOf(request, keys);
  if (key !== null) return key;
  throw badKey('Send a key as Authorization: Bearer; holdfast api-keys create makes one.', 'Bearer');
}

/** A hook for what tells of the service itself: in production API keys alone may ask. `open`: anybody may, without a bad key. */
export function keysOnly(keys: ApiKeys, open: boolean): (request: FastifyRequest) => Promise<void> {
  const judge = open ? apiKeyOf : requireApiKey;
  return async (request) => {
    await judge(request, keys);
  };
}

function badKey(detail: string, challenge: string): ProblemError {
  return new ProblemError('invalid-api-key', { detail }, { 'www-authenticate': challenge });
}
