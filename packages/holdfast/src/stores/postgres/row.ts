/** How a record lies in a row of the table, and back; a row that cannot be understood is a value, not an error. */
import {
  type Device,
  expiryReason,
  type Json,
  RETENTION_MS,
  type SessionData,
  type SessionRecord,
  TOMBSTONE_MS,
} from '../../core/record.ts';
import type { Absent, ExpiredSession, ReadResult, Undecodable } from '../../core/store.ts';
import { isEndReason } from '../../protocol/reasons.ts';
import type { Cell, Row } from './driver.ts';

/** Written into each row; raised when the meaning of a column changes, so that older versions leave such rows alone. */
export const ROW_FORMAT = 1;

/** Rows become due for the sweep in steps of this length. */
export const DUE_STEP_MS: number = 10 * 60 * 1000;

/** What a row is read as; the order is that of {@link fromRow}. */
export const READ_COLUMNS: readonly string[] = [
  'id',
  'format',
  'ended_reason',
  'expires_at',
  'version',
  'user_id',
  'created_at',
  'absolute_expires_at',
  'last_seen_at',
  'key_id',
  'previous_key_id',
  'moved_to',
  'body',
];

/** What SQL never looks at, in one column of JSON text. */
interface Body {
  readonly authenticatedAt: number | null;
  readonly amr: readonly string[];
  readonly idleSeconds: number;
  readonly device: Device;
  readonly generation: number;
  readonly confirmedIssuedAt: number;
  readonly data: SessionData;
}

const ABSENT: Absent = Object.freeze({ status: 'absent' });

/**
 * Text as PostgreSQL can keep it. It has no U+0000 and no halves of surrogate pairs, so text with one of those, a quote or a
 * backslash is written as inside a JSON string, and all other text as it is: different texts stay different.
 */
export function encodeText(text: string): string {
  // Cc: U+0000 to U+001F and more; Cs: what is left of a surrogate pair that was cut in two.
  return /["\\\p{Cc}\p{Cs}]/u.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

/** {@link encodeText} undone. */
export function decodeText(text: string): string {
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}

/** The step in which something kept until then is looked at by the sweep. */
export function dueAt(keptUntil: number): number {
  return Math.floor(keptUntil / DUE_STEP_MS);
}

/** The columns of {@link toRow}. */
export const WRITTEN_COLUMNS: readonly string[] = [
  'id',
  'due',
  'expires_at',
  'version',
  'user_id',
  'created_at',
  'absolute_expires_at',
  'last_seen_at',
  'key_id',
  'previous_key_id',
  'moved_to',
  'body',
];

/** The type of each of {@link WRITTEN_COLUMNS}, because PostgreSQL cannot always tell that of a parameter. */
export const WRITTEN_TYPES: readonly string[] = [
  'text',
  'bigint',
  'bigint',
  'bigint',
  'text',
  'bigint',
  'bigint',
  'bigint',
  'text',
  'text',
  'text',
  'json',
];

/** The cells of a live record. */
export function toRow(record: SessionRecord): (string | number | null)[] {
  return [
    encodeText(record.id),
    dueAt(record.expiresAt + RETENTION_MS),
    record.expiresAt,
    record.version,
    record.userId === null ? null : encodeText(record.userId),
    record.createdAt,
    record.absoluteExpiresAt,
    record.lastSeenAt,
    encodeText(record.keyId),
    record.previousKeyId === null ? null : encodeText(record.previousKeyId),
    record.movedTo === null ? null : encodeText(record.movedTo),
    toBody(record),
  ];
}

/** The column of JSON text. */
export function toBody(record: SessionRecord): string {
  const { authenticatedAt, amr, idleSeconds, device, generation, confirmedIssuedAt, data } = record;
  const body: Body = { authenticatedAt, amr, idleSeconds, device, generation, confirmedIssuedAt, data };
  return JSON.stringify(body);
}

/** What `read` answers for a row at `now`. */
export function fromRow(row: Row | undefined, now: number): ReadResult {
  if (row === undefined) return ABSENT;
  const format = Number(row[1]);
  if (format !== ROW_FORMAT) return undecodable(`its format is ${format}, and this version knows ${ROW_FORMAT}`);
  const reason = row[2] as Cell;
  const expiresAt = Number(row[3]);
  if (reason !== null) {
    if (!isEndReason(reason)) return undecodable('its end has an unknown reason');
    // A tombstone keeps the time of the end where a record keeps that of its expiry.
    return now < expiresAt + TOMBSTONE_MS ? { status: 'ended', tombstone: { reason, at: expiresAt } } : ABSENT;
  }
  if (now >= expiresAt + RETENTION_MS) return ABSENT;
  const body = fromBody(row[12]);
  if (body === null) return undecodable('its body is not what this version writes');
  return { status: 'live', record: toRecord(row, expiresAt, body) };
}

/** A swept row as the engine tells of it; nothing for tombstones and the pointer that a rotated id left. */
export function toExpired(row: Row): readonly ExpiredSession[] {
  const [id, endedReason, userId, expiresAt, absoluteExpiresAt, movedTo] = row;
  if (endedReason !== null || movedTo !== null) return [];
  const at = Number(expiresAt);
  const reason = expiryReason(at, Number(absoluteExpiresAt));
  return [{ id: decodeText(String(id)), userId: userId == null ? null : decodeText(userId), reason, at }];
}

function toRecord(row: Row, expiresAt: number, body: Body): SessionRecord {
  return {
    id: decodeText(String(row[0])),
    version: Number(row[4]),
    userId: textOrNull(row[5]),
    createdAt: Number(row[6]),
    authenticatedAt: body.authenticatedAt,
    amr: body.amr,
    idleSeconds: body.idleSeconds,
    absoluteExpiresAt: Number(row[7]),
    lastSeenAt: Number(row[8]),
    expiresAt,
    device: body.device,
    data: body.data,
    generation: body.generation,
    confirmedIssuedAt: body.confirmedIssuedAt,
    keyId: decodeText(String(row[9])),
    previousKeyId: textOrNull(row[10]),
    movedTo: textOrNull(row[11]),
  };
}

function textOrNull(cell: Cell | undefined): string | null {
  return cell == null ? null : decodeText(cell);
}

/** JSON.parse makes `__proto__` an ordinary key of the object, so nothing read from here can change a prototype. */
function fromBody(text: Cell | undefined): Body | null {
  const body = parseJson(text);
  if (!isObject(body)) return null;
  const { authenticatedAt, amr, idleSeconds, device, generation, confirmedIssuedAt, data } = body;
  if (
    (authenticatedAt !== null && typeof authenticatedAt !== 'number') ||
    !isTexts(amr) ||
    typeof idleSeconds !== 'number' ||
    !isObject(device) ||
    typeof generation !== 'number' ||
    typeof confirmedIssuedAt !== 'number' ||
    !isObject(data)
  ) {
    return null;
  }
  return { authenticatedAt, amr, idleSeconds, device: device as Device, generation, confirmedIssuedAt, data };
}

/** JSON text, or undefined when it is something else. */
export function parseJson(text: Cell | undefined): Json | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** A list of strings. */
export function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function undecodable(detail: string): Undecodable {
  return { status: 'undecodable', detail };
}
