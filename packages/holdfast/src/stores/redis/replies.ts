/** What scripts answer, taken apart. */
import { StoreUnreachableError } from '../../core/errors.ts';
import type { SessionRecord } from '../../core/record.ts';
import { idOfField } from './bucket.ts';
import { decodeStored, type Stored } from './decode-record.ts';
import type { RedisReply } from './port.ts';

/** A list. Anything else is no answer of a script of ours. */
export function toList(reply: RedisReply): readonly RedisReply[] {
  if (Array.isArray(reply)) return reply;
  throw new StoreUnreachableError('Redis answered a script with something that the script never answers');
}

/** A text of bytes, or null for what is missing. */
export function toBytes(reply: RedisReply | undefined): Buffer | null {
  return reply instanceof Buffer ? reply : null;
}

/** Head, touch and extras, which follow each other in a list. */
export function toStored(list: readonly RedisReply[], at: number): Stored {
  return { head: toBytes(list[at]), touch: toBytes(list[at + 1]), extras: toBytes(list[at + 2]) };
}

/** The records in a list of field, head, touch and extras, from an index on. What cannot be read is left out. */
export function toRecords(
  list: readonly RedisReply[],
  from: number,
  home: number,
  now: number,
): readonly SessionRecord[] {
  const records: SessionRecord[] = [];
  for (let at = from; at < list.length; at += 4) {
    const field = toBytes(list[at]);
    if (field === null) continue;
    const found = decodeStored(idOfField(home, field), toStored(list, at + 1), now);
    if (found.status === 'live') records.push(found.record);
  }
  return records;
}
