/** Backups in memory, under one key and at one time. */
import { Readable, Writable } from 'node:stream';
import type { TransferableStore } from '../../src/core/transfer.ts';
import { generateSecret } from '../../src/index.ts';
import { START } from '../../src/testing/store/harness.ts';
import {
  type BackupOptions,
  backupStore,
  type RestoreOptions,
  type RestoreResult,
  restoreStore,
} from '../../src/transfer/index.ts';

export const KEY = generateSecret();
export const clock = (): number => START;

export async function backup(
  from: TransferableStore,
  options: Partial<BackupOptions> = {},
): Promise<{ readonly bytes: Buffer; readonly result: Awaited<ReturnType<typeof backupStore>> }> {
  const parts: Buffer[] = [];
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      parts.push(chunk);
      done();
    },
  });
  const result = await backupStore({ from, to, key: KEY, clock, ...options });
  return { bytes: Buffer.concat(parts), result };
}

export function restore(
  bytes: Buffer,
  to: TransferableStore,
  options: Partial<RestoreOptions> = {},
): Promise<RestoreResult> {
  return restoreStore({ from: Readable.from([bytes]), to, key: KEY, clock, ...options });
}
