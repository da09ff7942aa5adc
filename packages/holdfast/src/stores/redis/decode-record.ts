/**
 * What lies in Redis as what `read` answers. It is on the hot path: a lean record costs one object and a few texts, and
 * everything else is decoded only where the head says that it is there.
 */
import {
  type Device,
  type Json,
  RETENTION_MS,
  type SessionData,
  type SessionRecord,
  TOMBSTONE_MS,
} from '../../core/record.ts';
import { homeOfId } from '../../core/session-id.ts';
import type { Absent, ReadResult, Undecodable } from '../../core/store.ts';
import { FIELD_BYTES, idOfField } from './bucket.ts';
import { dataKeyOf, visitEntries } from './extras.ts';
import {
  ABSOLUTE_AT,
  AMR_SHIFT,
  AUTHENTICATED_SHIFT,
  CONFIRMED_AT,
  CREATED_AT,
  EXPIRES_AT,
  FLAG_EXTRAS,
  FLAG_POINTER,
  GENERATION_AT,
  IDLE_AT,
  IN_EXTRAS,
  KEY_ID_AT,
  KIND_RECORD,
  KIND_TOMBSTONE,
  LAST_SEEN_AT,
  NONE,
  NUMBERS,
  nearest,
  REASON_ORDER,
  TOMBSTONE_BYTES,
  TOUCH_BYTES,
  USER_AT,
  USER_SHIFT,
  VERSION_AT,
} from './layout.ts';
import { isUserSize, userIn } from './user-part.ts';

/** What lies under one id. */
export interface Stored {
  readonly head: Buffer | null;
  readonly touch: Buffer | null;
  readonly extras: Buffer | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export const ABSENT: Absent = Object.freeze({ status: 'absent' });
const NO_DEVICE: Device = Object.freeze({});
const NO_DATA: SessionData = Object.freeze({});
const NO_AMR: readonly string[] = Object.freeze([]);
const PASSWORD: readonly string[] = Object.freeze(['pwd']);

/** What `read` answers at `now` for what was found under the id. */
export function decodeStored(id: string, { head, touch, extras }: Stored, now: number): ReadResult {
  if (head === null) return ABSENT;
  if (head[0] === KIND_TOMBSTONE) return decodeTombstone(head, now);
  const problem = headProblem(head);
  if (problem !== null) return undecodable(problem);
  const record = decodeHead(id, head);
  const flags = head[1] as number;
  if ((flags & FLAG_EXTRAS) !== 0) {
    if (extras === null) return undecodable('its extras are missing');
    if (!addExtras(record, head, extras)) return undecodable('its extras cannot be read');
  }
  if (record.userId === UNKNOWN || record.amr === UNKNOWN_LIST || Number.isNaN(record.authenticatedAt)) {
    return undecodable('its extras lack something that its head refers to');
  }
  if (((flags & FLAG_POINTER) !== 0) !== (record.movedTo !== null)) return undecodable('it points nowhere');
  if (touch !== null && touch.length === TOUCH_BYTES) addTouch(record, head, touch);
  return now < record.expiresAt + RETENTION_MS ? { status: 'live', record } : ABSENT;
}

/** Whether the head alone says all of the record but for times that a touch may have moved. */
export function isLean(head: Buffer): boolean {
  return head[0] !== KIND_RECORD || ((head[1] ?? 0) & FLAG_EXTRAS) === 0;
}

function decodeTombstone(head: Buffer, now: number): ReadResult {
  const reason = REASON_ORDER[head[1] ?? -1];
  if (head.length !== TOMBSTONE_BYTES || reason === undefined) return undecodable('its end has an unknown reason');
  const at = head.readUIntBE(2, 6);
  return now < at + TOMBSTONE_MS ? { status: 'ended', tombstone: { reason, at } } : ABSENT;
}

/** What is wrong with the head of a record; null when it can be read. The scripts judge alike (scripts/look.ts). */
function headProblem(head: Buffer): string | null {
  if (head[0] !== KIND_RECORD) return `its format is ${head[0] ?? 'missing'}, and this version knows ${KIND_RECORD}`;
  const flags = head[1] ?? 0xff;
  if (!isUserSize((flags >> USER_SHIFT) & 3, head.length - USER_AT)) return 'its head has a wrong length';
  if (((flags >> AUTHENTICATED_SHIFT) & 3) > IN_EXTRAS || flags >> AMR_SHIFT > IN_EXTRAS)
    return 'its flags are unknown';
  return null;
}

/** Stand for what the extras have yet to say. */
const UNKNOWN = '\u0000unknown';
const UNKNOWN_LIST: readonly string[] = Object.freeze([UNKNOWN]);

function decodeHead(id: string, head: Buffer): Mutable<SessionRecord> {
  const flags = head[1] as number;
  const createdAt = time(head, CREATED_AT);
  const authenticated = (flags >> AUTHENTICATED_SHIFT) & 3;
  const amr = flags >> AMR_SHIFT;
  const userId = userIn(head, USER_AT, (flags >> USER_SHIFT) & 3);
  return {
    id,
    version: head.readUInt32BE(VERSION_AT),
    userId: userId === undefined ? UNKNOWN : userId,
    createdAt,
    authenticatedAt: authenticated === NONE ? null : authenticated === IN_EXTRAS ? Number.NaN : createdAt,
    amr: amr === NONE ? NO_AMR : amr === IN_EXTRAS ? UNKNOWN_LIST : PASSWORD,
    idleSeconds: head.readUInt32BE(IDLE_AT),
    absoluteExpiresAt: time(head, ABSOLUTE_AT),
    lastSeenAt: time(head, LAST_SEEN_AT),
    expiresAt: time(head, EXPIRES_AT),
    device: NO_DEVICE,
    data: NO_DATA,
    generation: head.readUInt32BE(GENERATION_AT),
    confirmedIssuedAt: head.readUInt32BE(CONFIRMED_AT),
    keyId: keyIdOf(head.readUInt32BE(KEY_ID_AT)),
    previousKeyId: null,
    movedTo: null,
  };
}

function time(head: Buffer, at: number): number {
  return head.readUInt16BE(at) * 0x1_0000_0000 + head.readUInt32BE(at + 2);
}

const keyIds = new Map<number, string>();

/** All sessions together have a handful of keys, so each is written out as a text once. */
function keyIdOf(number: number): string {
  const known = keyIds.get(number);
  if (known !== undefined) return known;
  const text = number.toString(16).padStart(8, '0');
  if (keyIds.size > 100) keyIds.clear();
  keyIds.set(number, text);
  return text;
}

function addTouch(record: Mutable<SessionRecord>, head: Buffer, touch: Buffer): void {
  const lastSeenAt = touch.readUIntBE(0, 6);
  const expiresAt = touch.readUIntBE(6, 6);
  if (lastSeenAt > time(head, LAST_SEEN_AT)) record.lastSeenAt = lastSeenAt;
  if (expiresAt > time(head, EXPIRES_AT)) record.expiresAt = expiresAt;
}

/** False when they cannot be read. Entries of unknown tags are of a newer version and mean nothing to this one. */
function addExtras(record: Mutable<SessionRecord>, head: Buffer, extras: Buffer): boolean {
  let data: Record<string, Json> | null = null;
  let device: Mutable<Device> | null = null;
  try {
    return visitEntries(extras, (keyStart, keyEnd, valueStart, valueEnd) => {
      const text = extras.toString('utf8', valueStart, valueEnd);
      switch (extras[keyStart]) {
        case 0x64: // d
          data ??= record.data = {};
          define(data, dataKeyOf(extras.toString('utf8', keyStart + 1, keyEnd)), JSON.parse(text) as Json);
          break;
        case 0x75: // u
          device ??= record.device = {};
          device.userAgent = text;
          break;
        case 0x69: // i
          device ??= record.device = {};
          device.ip = text;
          break;
        case 0x61: // a
          record.amr = toStrings(JSON.parse(text));
          break;
        case 0x74: // t
          if (Number.isNaN(record.authenticatedAt)) record.authenticatedAt = Number(text);
          break;
        case 0x70: // p
          record.previousKeyId = text;
          break;
        case 0x6b: // k
          record.keyId = text;
          break;
        case 0x4d: // M
          record.movedTo = text;
          break;
        case 0x6d: // m
          if (valueEnd - valueStart === FIELD_BYTES) {
            record.movedTo = idOfField(homeOfId(record.id), extras.subarray(valueStart, valueEnd));
          }
          break;
        case 0x77: // w
          if (record.userId === UNKNOWN) record.userId = text;
          break;
        case 0x6e: // n
          addNumber(record, head, extras[keyStart + 1] ?? 0, Number(text));
          break;
      }
    });
  } catch {
    return false;
  }
}

/** The exact number, unless the one in the head was moved since. */
function addNumber(record: Mutable<SessionRecord>, head: Buffer, letter: number, value: number): void {
  for (const [name, field] of NUMBER_FIELDS) {
    if (
      field.letter.charCodeAt(0) !== letter ||
      nearest(value, field.bytes) !== head.readUIntBE(field.at, field.bytes)
    ) {
      continue;
    }
    // Written as "the same as createdAt" in the head, which was the nearest to it.
    if (name === 'createdAt' && record.authenticatedAt === record.createdAt) record.authenticatedAt = value;
    record[name] = value;
  }
}

const NUMBER_FIELDS = Object.entries(NUMBERS) as [keyof typeof NUMBERS, (typeof NUMBERS)[keyof typeof NUMBERS]][];

function toStrings(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  throw new TypeError('not a list of texts');
}

/** Defined, not assigned, where assigning would change the prototype instead of adding a key. */
function define(data: Record<string, Json>, key: string, value: Json): void {
  if (key !== '__proto__') data[key] = value;
  else Object.defineProperty(data, key, { value, writable: true, enumerable: true, configurable: true });
}

function undecodable(detail: string): Undecodable {
  return { status: 'undecodable', detail };
}
