/** How a record lies in a row of the table, and back; a row that cannot be understood is a value, not an error. */
import {
  type Device,
  type Json,
  RETENTION_MS,
  type SessionData,
  type SessionRecord,
  TOMBSTONE_MS,
} from '../../core/record.ts';
import type { Absent, ReadResult, Undecodable } from '../../core/store.ts';
import { isEndReason } from '../../protocol/reasons.ts';

/** Written into each row; raised when the meaning of a column changes, so that older versions leave such rows alone. */
export const ROW_FORMAT = 1;

/** The columns in the order of {@link Row} and {@link toRow}. */
export const COLUMNS: string =
  'id, format, ended_reason, ended_at, version, user_id, created_at, authenticated_at, amr, idle_seconds, ' +
  'absolute_expires_at, last_seen_at, expires_at, user_agent, ip, data, generation, confirmed_issued_at, key_id, ' +
  'previous_key_id, moved_to';

/** What SQLite holds in a cell. */
type Cell = string | number | null;

/** One row as an array: reading it costs half of what an object with 21 names does. */
export type Row = readonly Cell[];

const ABSENT: Absent = Object.freeze({ status: 'absent' });
const EMPTY: SessionData & Device = Object.freeze({});
const PASSWORD: readonly string[] = Object.freeze(['pwd']);
const PASSWORD_JSON = '["pwd"]';

/** The cells for a live record. */
export function toRow(record: SessionRecord): Cell[] {
  return [
    record.id,
    ROW_FORMAT,
    null,
    null,
    record.version,
    record.userId,
    record.createdAt,
    record.authenticatedAt,
    JSON.stringify(record.amr),
    record.idleSeconds,
    record.absoluteExpiresAt,
    record.lastSeenAt,
    record.expiresAt,
    record.device.userAgent ?? null,
    record.device.ip ?? null,
    JSON.stringify(record.data),
    record.generation,
    record.confirmedIssuedAt,
    record.keyId,
    record.previousKeyId,
    record.movedTo,
  ];
}

/** What `read` answers for a row at `now`. */
export function fromRow(row: Row | undefined, now: number): ReadResult {
  if (row === undefined) return ABSENT;
  const format = row[1];
  if (format !== ROW_FORMAT) return undecodable(`its format is ${format}, and this version knows ${ROW_FORMAT}`);
  const reason = row[2] as Cell;
  if (reason !== null) {
    const at = row[3];
    if (!isEndReason(reason) || typeof at !== 'number') return undecodable('its end has an unknown reason or no time');
    return now < at + TOMBSTONE_MS ? { status: 'ended', tombstone: { reason, at } } : ABSENT;
  }
  const expiresAt = row[12];
  if (typeof expiresAt !== 'number') return undecodable('it has no expiry');
  if (now >= expiresAt + RETENTION_MS) return ABSENT;
  return toRecord(row, expiresAt);
}

function toRecord(row: Row, expiresAt: number): ReadResult {
  const id = row[0];
  const version = row[4];
  const userId = row[5] as Cell;
  const createdAt = row[6];
  const authenticatedAt = row[7] as Cell;
  const amr = toAmr(row[8]);
  const idleSeconds = row[9];
  const absoluteExpiresAt = row[10];
  const lastSeenAt = row[11];
  const data = toData(row[15]);
  const generation = row[16];
  const confirmedIssuedAt = row[17];
  const keyId = row[18];
  const previousKeyId = row[19] as Cell;
  const movedTo = row[20] as Cell;
  if (amr === null) return undecodable('its amr is not a JSON array of strings');
  if (data === null) return undecodable('its data is not a JSON object');
  if (
    typeof id !== 'string' ||
    typeof version !== 'number' ||
    typeof userId === 'number' ||
    typeof createdAt !== 'number' ||
    typeof authenticatedAt === 'string' ||
    typeof idleSeconds !== 'number' ||
    typeof absoluteExpiresAt !== 'number' ||
    typeof lastSeenAt !== 'number' ||
    typeof generation !== 'number' ||
    typeof confirmedIssuedAt !== 'number' ||
    typeof keyId !== 'string' ||
    typeof previousKeyId === 'number' ||
    typeof movedTo === 'number'
  ) {
    return undecodable('a column holds a value of the wrong type');
  }
  return {
    status: 'live',
    record: {
      id,
      version,
      userId,
      createdAt,
      authenticatedAt,
      amr,
      idleSeconds,
      absoluteExpiresAt,
      lastSeenAt,
      expiresAt,
      device: toDevice(row[13] as Cell, row[14] as Cell),
      data,
      generation,
      confirmedIssuedAt,
      keyId,
      previousKeyId,
      movedTo,
    },
  };
}

function toDevice(userAgent: Cell, ip: Cell): Device {
  if (userAgent === null) return ip === null ? EMPTY : { ip: String(ip) };
  return ip === null ? { userAgent: String(userAgent) } : { userAgent: String(userAgent), ip: String(ip) };
}

/** JSON.parse makes `__proto__` an ordinary key of the object, so nothing read from here can change a prototype. */
function toData(text: Cell | undefined): SessionData | null {
  if (text === '{}') return EMPTY;
  const data = parse(text);
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as SessionData) : null;
}

/** A JSON array of strings, or null when the text is anything else. */
export function toStrings(text: Cell | undefined): readonly string[] | null {
  const list = parse(text);
  return Array.isArray(list) && list.every((entry) => typeof entry === 'string') ? list : null;
}

function toAmr(text: Cell | undefined): readonly string[] | null {
  return text === PASSWORD_JSON ? PASSWORD : toStrings(text);
}

function parse(text: Cell | undefined): Json | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function undecodable(detail: string): Undecodable {
  return { status: 'undecodable', detail };
}
