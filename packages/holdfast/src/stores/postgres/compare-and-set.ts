/** An update: what the record is to become is computed here, and written only where nobody else has written meanwhile. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../core/crypto.ts';
import { StoreUnreachableError } from '../../core/errors.ts';
import { RETENTION_MS, type SessionRecord } from '../../core/record.ts';
import type { Live, ReadResult, RecordChange, UpdateResult } from '../../core/store.ts';
import { applyChange } from '../apply-change.ts';
import type { Row } from './driver.ts';
import { dueAt, encodeText, toBody } from './row.ts';

interface Port {
  /** The statement `replace`. */
  readonly query: (values: readonly unknown[]) => Promise<readonly Row[]>;
  /** What is stored under the id now. */
  readonly read: () => Promise<ReadResult>;
  readonly clock: Clock;
}

/** In each round one of the writers of a session gets through, so this is far more than ever write one at a time. */
const ROUNDS = 40;
const LONGEST_PAUSE_MS = 20;

/** `known`: what the cache holds. It saves the first read, and where it is too old, nothing is written. */
export async function compareAndSet(port: Port, known: Live | undefined, change: RecordChange): Promise<UpdateResult> {
  let found: ReadResult = known ?? (await port.read());
  let isFresh = known === undefined;
  for (let round = 0; round < ROUNDS; round++) {
    if (found.status !== 'live') return found;
    const { record }: Live = found;
    if (change.ifVersion === undefined || change.ifVersion === record.version) {
      const updated = await replace(port, record, change);
      if (updated !== null) return { status: 'updated', record: updated };
      // Several that lost against the same writer must not meet again in the same order.
      if (isFresh) await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** round));
    } else if (isFresh) {
      return { status: 'conflict', record };
    }
    found = await port.read();
    isFresh = true;
  }
  throw new StoreUnreachableError('a session was written by others all the time: try again');
}

async function replace(port: Port, record: SessionRecord, change: RecordChange): Promise<SessionRecord | null> {
  const next = applyChange(record, change);
  const { lastSeenAt, expiresAt } = change.fields ?? {};
  const rows = await port.query([
    encodeText(record.id),
    record.version,
    port.clock(),
    next.version,
    next.absoluteExpiresAt,
    encodeText(next.keyId),
    next.previousKeyId === null ? null : encodeText(next.previousKeyId),
    next.movedTo === null ? null : encodeText(next.movedTo),
    toBody(next),
    // Times that the change does not name may have been moved by a touch since they were read.
    lastSeenAt ?? null,
    expiresAt ?? null,
    expiresAt === undefined ? null : dueAt(expiresAt + RETENTION_MS),
  ]);
  const times = rows[0];
  return times === undefined ? null : { ...next, lastSeenAt: Number(times[0]), expiresAt: Number(times[1]) };
}
