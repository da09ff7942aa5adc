/** A record as its head and extras, and a tombstone as its bytes. The layout is described in layout.ts. */
import { HoldfastError } from '../../core/errors.ts';
import type { Device, Json, SessionRecord, Tombstone } from '../../core/record.ts';
import { homeOfId } from '../../core/session-id.ts';
import { fieldInHome } from './bucket.ts';
import { dataEntryKey, type Entry, encodeEntries, TAGS } from './extras.ts';
import {
  AMR_SHIFT,
  AUTHENTICATED_SHIFT,
  FLAG_EXTRAS,
  FLAG_POINTER,
  IN_EXTRAS,
  KEY_ID_AT,
  KIND_RECORD,
  KIND_TOMBSTONE,
  NONE,
  NUMBERS,
  nearest,
  REASON_ORDER,
  TOMBSTONE_BYTES,
  TOUCH_BYTES,
  USER_AT,
  USER_SHIFT,
  USUAL,
  VERSION_AT,
} from './layout.ts';
import { toUserPart } from './user-part.ts';

/** What is written for a record. */
export interface EncodedRecord {
  readonly head: Buffer;
  /** Empty when the head says everything. */
  readonly extras: Buffer;
}

const KEY_ID = /^[0-9a-f]{8}$/;
const ZERO_KEY = Buffer.alloc(4);
const NO_EXTRAS = Buffer.alloc(0);
const MOST_VERSIONS = 0xffff_ffff;

/** Throws `invalid-data` for a version or a user id that cannot be stored. */
export function encodeRecord(record: SessionRecord): EncodedRecord {
  const user = toUserPart(record.userId);
  const entries: Entry[] = [];
  const head = Buffer.alloc(USER_AT + user.bytes.length);
  if (user.isDigest) entries.push([TAGS.userId, record.userId ?? '']);
  if (!(Number.isInteger(record.version) && record.version >= 0 && record.version <= MOST_VERSIONS)) {
    throw new HoldfastError('invalid-data', `version: a whole number from 0 to ${MOST_VERSIONS}`);
  }
  head[0] = KIND_RECORD;
  head.writeUInt32BE(record.version, VERSION_AT);
  for (const name of NUMBER_NAMES) {
    const { at, bytes } = NUMBERS[name];
    head.writeUIntBE(nearest(record[name], bytes), at, bytes);
    entries.push(...numberEntries(name, record[name]));
  }
  keyIdBytes(record.keyId).copy(head, KEY_ID_AT);
  user.bytes.copy(head, USER_AT);
  const authenticated = authenticatedKind(record.authenticatedAt, record.createdAt);
  const amr = amrKind(record.amr);
  entries.push(...keyIdEntries(record.keyId));
  if (authenticated === IN_EXTRAS) entries.push([TAGS.authenticatedAt, JSON.stringify(record.authenticatedAt)]);
  if (amr === IN_EXTRAS) entries.push([TAGS.amr, JSON.stringify(record.amr)]);
  if (record.previousKeyId !== null) entries.push([TAGS.previousKeyId, record.previousKeyId]);
  if (record.movedTo !== null) entries.push(movedToEntry(homeOfId(record.id), record.movedTo));
  entries.push(...deviceEntries(record.device), ...dataEntries(record.data));
  head[1] =
    (entries.length > 0 ? FLAG_EXTRAS : 0) |
    (record.movedTo !== null ? FLAG_POINTER : 0) |
    (user.kind << USER_SHIFT) |
    (authenticated << AUTHENTICATED_SHIFT) |
    (amr << AMR_SHIFT);
  return { head, extras: entries.length === 0 ? NO_EXTRAS : encodeEntries(entries) };
}

export function encodeTombstone({ reason, at }: Tombstone): Buffer {
  const bytes = Buffer.alloc(TOMBSTONE_BYTES);
  bytes[0] = KIND_TOMBSTONE;
  bytes[1] = REASON_ORDER.indexOf(reason);
  bytes.writeUIntBE(nearest(at, 6), 2, 6);
  return bytes;
}

export function encodeTouch(lastSeenAt: number, expiresAt: number): Buffer {
  const bytes = Buffer.alloc(TOUCH_BYTES);
  bytes.writeUIntBE(nearest(lastSeenAt, 6), 0, 6);
  bytes.writeUIntBE(nearest(expiresAt, 6), 6, 6);
  return bytes;
}

export type NumberName = keyof typeof NUMBERS;
export const NUMBER_NAMES: readonly NumberName[] = Object.keys(NUMBERS) as NumberName[];

/** The key under which a number lies in the extras where it does not fit. */
export function numberEntryKey(name: NumberName): string {
  return TAGS.number + NUMBERS[name].letter;
}

export function numberEntries(name: NumberName, value: number): Entry[] {
  const isExact = nearest(value, NUMBERS[name].bytes) === value;
  return isExact ? [] : [[numberEntryKey(name), JSON.stringify(value)]];
}

export function keyIdBytes(keyId: string): Buffer {
  return KEY_ID.test(keyId) ? Buffer.from(keyId, 'hex') : ZERO_KEY;
}

export function keyIdEntries(keyId: string): Entry[] {
  return KEY_ID.test(keyId) ? [] : [[TAGS.keyId, keyId]];
}

export function authenticatedKind(authenticatedAt: number | null, createdAt: number): 0 | 1 | 2 {
  if (authenticatedAt === null) return NONE;
  return authenticatedAt === createdAt ? USUAL : IN_EXTRAS;
}

export function amrKind(amr: readonly string[]): 0 | 1 | 2 {
  if (amr.length === 0) return NONE;
  return amr.length === 1 && amr[0] === 'pwd' ? USUAL : IN_EXTRAS;
}

export function movedToEntry(home: number, movedTo: string): Entry {
  const field = fieldInHome(home, movedTo);
  return field === null ? [TAGS.movedElsewhere, movedTo] : [TAGS.movedTo, field];
}

export function deviceEntries({ userAgent, ip }: Device): Entry[] {
  return [
    ...(userAgent === undefined ? [] : [[TAGS.userAgent, userAgent] as const]),
    ...(ip === undefined ? [] : [[TAGS.ip, ip] as const]),
  ];
}

export function dataEntries(data: Readonly<Record<string, Json>>): Entry[] {
  const entries: Entry[] = [];
  for (const [key, value] of Object.entries(data)) {
    const text = JSON.stringify(value) as string | undefined;
    // What JSON cannot carry is left out, as it would be inside of an object.
    if (text !== undefined) entries.push([dataEntryKey(key), text]);
  }
  return entries;
}
