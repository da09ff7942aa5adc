/** A `RecordChange` as the arguments of a script (scripts/rewrite.ts): the one place that knows both. */
import type { FieldChanges, RecordChange } from '../../core/store.ts';
import {
  amrKind,
  authenticatedKind,
  dataEntries,
  deviceEntries,
  keyIdBytes,
  keyIdEntries,
  movedToEntry,
  NUMBER_NAMES,
  numberEntries,
  numberEntryKey,
} from './encode-record.ts';
import { dataEntryKey, type Entry, encodeEntries, TAGS } from './extras.ts';
import { AMR_SHIFT, AUTHENTICATED_SHIFT, FLAG_POINTER, KEY_ID_AT, NUMBERS, nearest } from './layout.ts';
import type { RedisArgument } from './port.ts';

/** What is collected on the way. */
interface Delta {
  keptFlags: number;
  addedFlags: number;
  readonly patches: Buffer[];
  readonly added: Entry[];
  readonly removed: string[];
}

/** A change to a record of this home. */
export function encodeChange(home: number, change: RecordChange): readonly RedisArgument[] {
  const delta: Delta = { keptFlags: 0xff, addedFlags: 0, patches: [], added: [], removed: [] };
  if (change.fields !== undefined) addFields(delta, home, change.fields);
  for (const key of change.unset ?? []) delta.removed.push(dataEntryKey(key));
  if (change.set !== undefined) {
    const entries = dataEntries(change.set);
    delta.removed.push(...entries.map(([key]) => key));
    delta.added.push(...entries);
  }
  return [
    String(delta.keptFlags),
    String(delta.addedFlags),
    Buffer.concat(delta.patches),
    encodeEntries(delta.added),
    String(delta.removed.length),
    ...delta.removed,
  ];
}

function addFields(delta: Delta, home: number, fields: FieldChanges): void {
  for (const name of NUMBER_NAMES) {
    const value = name === 'createdAt' ? undefined : fields[name];
    if (value === undefined) continue;
    const { at, bytes } = NUMBERS[name];
    const place = Buffer.alloc(bytes);
    place.writeUIntBE(nearest(value, bytes), 0, bytes);
    patch(delta, at, place);
    replaceEntries(delta, [numberEntryKey(name)], numberEntries(name, value));
  }
  const { keyId, previousKeyId, authenticatedAt, amr, device, movedTo } = fields;
  if (keyId !== undefined) {
    patch(delta, KEY_ID_AT, keyIdBytes(keyId));
    replaceEntries(delta, [TAGS.keyId], keyIdEntries(keyId));
  }
  if (previousKeyId !== undefined) {
    replaceEntries(delta, [TAGS.previousKeyId], previousKeyId === null ? [] : [[TAGS.previousKeyId, previousKeyId]]);
  }
  if (authenticatedAt !== undefined) {
    // Whether it is createdAt again is not known here, so it is written out.
    replaceFlags(delta, AUTHENTICATED_SHIFT, authenticatedKind(authenticatedAt, Number.NaN));
    replaceEntries(delta, [TAGS.authenticatedAt], [[TAGS.authenticatedAt, JSON.stringify(authenticatedAt)]]);
  }
  if (amr !== undefined) {
    const kind = amrKind(amr);
    replaceFlags(delta, AMR_SHIFT, kind);
    replaceEntries(delta, [TAGS.amr], kind === 2 ? [[TAGS.amr, JSON.stringify(amr)]] : []);
  }
  if (device !== undefined) replaceEntries(delta, [TAGS.userAgent, TAGS.ip], deviceEntries(device));
  if (movedTo !== undefined) {
    delta.addedFlags |= FLAG_POINTER;
    replaceEntries(delta, [TAGS.movedTo, TAGS.movedElsewhere], [movedToEntry(home, movedTo)]);
  }
}

function patch(delta: Delta, at: number, bytes: Buffer): void {
  delta.patches.push(Buffer.from([at, bytes.length]), bytes);
}

function replaceEntries(delta: Delta, keys: readonly string[], entries: readonly Entry[]): void {
  delta.removed.push(...keys);
  delta.added.push(...entries);
}

/** Two bits of the flags. */
function replaceFlags(delta: Delta, shift: number, kind: number): void {
  delta.keptFlags &= ~(3 << shift);
  delta.addedFlags |= kind << shift;
}
