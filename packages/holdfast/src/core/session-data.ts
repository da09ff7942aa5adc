/** What may be kept in a session: JSON, of bounded size and depth, under keys that poison no object. */
import { HoldfastError } from './errors.ts';
import type { Json, SessionData } from './record.ts';

const MAX_DEPTH = 32;
const MAX_KEY_CHARACTERS = 256;
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Throws `invalid-data` naming the key for anything that JSON would change or drop without a word. */
export function assertStorable(data: SessionData): void {
  for (const [key, value] of Object.entries(data)) {
    assertKey(key);
    assertJson(value, key, 0);
  }
}

/** Throws `invalid-data` for a key that could poison an object or is no sensible name. */
export function assertKey(key: string): void {
  if (key === '' || key.length > MAX_KEY_CHARACTERS || FORBIDDEN.has(key)) {
    throw new HoldfastError(
      'invalid-data',
      `session data cannot be kept under the key ${JSON.stringify(key.slice(0, 40))}; use another name`,
    );
  }
}

/** The bytes that the data takes as JSON. */
export function sizeOf(data: SessionData): number {
  return new TextEncoder().encode(JSON.stringify(data)).length;
}

/** The data with a delta applied; a key such as `__proto__` stays a key, for {@link assertStorable} to refuse. */
export function mergeData(
  data: SessionData,
  set: Readonly<Record<string, Json>> | undefined,
  unset: readonly string[] | undefined,
): SessionData {
  const merged = new Map(Object.entries(data));
  for (const key of unset ?? []) merged.delete(key);
  for (const [key, value] of Object.entries(set ?? {})) merged.set(key, value);
  return Object.fromEntries(merged);
}

function assertJson(value: Json, key: string, depth: number): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value === 'object' && depth < MAX_DEPTH) {
    if (Array.isArray(value)) {
      for (const item of value) assertJson(item, key, depth + 1);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      for (const [name, inner] of Object.entries(value)) {
        if (FORBIDDEN.has(name)) assertKey(name);
        assertJson(inner as Json, key, depth + 1);
      }
      return;
    }
  }
  throw new HoldfastError(
    'invalid-data',
    `the session data under ${JSON.stringify(key)} is not plain JSON (finite numbers, text, booleans, null, arrays and plain objects, at most ${MAX_DEPTH} deep)`,
  );
}
