/** Whatever happens to a backup's bytes is noticed before anything behind it is used. */
import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { generateSecret } from '../../src/index.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { START } from '../../src/testing/store/harness.ts';
import { sampleRecord } from '../../src/testing/store/sample-record.ts';
import { BackupError, backupStore, restoreStore } from '../../src/transfer/index.ts';
import { contents } from './population.ts';

const KEY = generateSecret();
const clock = (): number => START;
const SESSIONS = 1500;

describe('the bytes of a backup', () => {
  let whole: Buffer;
  /** Where each chunk begins. */
  let starts: number[];
  let ids: Set<string>;

  before(async () => {
    const from = memoryStore({ clock });
    for (let n = 0; n < SESSIONS; n++) await from.create(sampleRecord({ userId: `user-${n}` }));
    ids = new Set((await contents(from)).keys());
    const parts: Buffer[] = [];
    const to = new Writable({
      write(chunk: Buffer, _encoding, done) {
        parts.push(chunk);
        done();
      },
    });
    await backupStore({ from, to, key: KEY, clock });
    whole = Buffer.concat(parts);
    starts = chunkStarts(whole);
    assert.ok(starts.length > 5);
  });

  test('any change of a byte is noticed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (position, difference) => {
        const altered = Buffer.from(whole);
        altered[position] = (altered[position] as number) ^ difference;
        const failure = await failureOf(altered, position);
        assert.notEqual(failure, null, `byte ${position} ^ ${difference}`);
      }),
      { numRuns: 150 },
    );
  });

  test('every change of every bit before the second chunk is noticed', async () => {
    const end = Math.min(starts[0] as number, 400) + 8;
    for (let position = 0; position < end; position++) {
      for (let bit = 0; bit < 8; bit++) {
        const altered = Buffer.from(whole);
        altered[position] = (altered[position] as number) ^ (1 << bit);
        assert.notEqual(await failureOf(altered, position), null, `byte ${position}, bit ${bit}`);
      }
    }
  });

  test('an end that is cut off anywhere is noticed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        const failure = await failureOf(whole.subarray(0, length), length);
        assert.ok(failure === 'truncated' || (length === 0 && failure === 'not-a-backup'), `${failure} at ${length}`);
      }),
      { numRuns: 100 },
    );
    // Between two chunks everything that is there is as it was written.
    for (const start of starts) assert.equal(await failureOf(whole.subarray(0, start), start), 'truncated');
  });

  test('a chunk that is made to look like the last one is noticed', async () => {
    for (const [index, start] of starts.slice(0, -1).entries()) {
      const cut = Buffer.from(whole.subarray(0, starts[index + 1]));
      cut.writeUInt32BE(cut.readUInt32BE(start) + 0x8000_0000, start);
      assert.equal(await failureOf(cut, start), 'altered');
    }
  });

  test('chunks left out, repeated or in another order are noticed', async () => {
    const head = whole.subarray(0, starts[0]);
    const chunks = starts.map((start, index) => whole.subarray(start, starts[index + 1] ?? whole.length));
    const [first, second, ...rest] = chunks as [Buffer, Buffer, ...Buffer[]];
    const last = chunks.at(-1) as Buffer;
    const inPlace = starts[1] as number;
    for (const { order, wrongFrom } of [
      { order: [second, ...rest], wrongFrom: 0 },
      { order: [second, first, ...rest], wrongFrom: 0 },
      { order: [last], wrongFrom: 0 },
      { order: [first, ...rest], wrongFrom: inPlace },
      { order: [first, first, second, ...rest], wrongFrom: inPlace },
      { order: [first, last], wrongFrom: inPlace },
    ]) {
      assert.equal(await failureOf(Buffer.concat([head, ...order]), wrongFrom), 'altered');
    }
    assert.equal(await failureOf(Buffer.concat([whole, Buffer.from([0])]), whole.length), 'altered');
  });

  test('chunks of another backup under the same key are noticed', async () => {
    const from = memoryStore({ clock });
    await from.create(sampleRecord());
    const parts: Buffer[] = [];
    const to = new Writable({
      write(chunk: Buffer, _encoding, done) {
        parts.push(chunk);
        done();
      },
    });
    await backupStore({ from, to, key: KEY, clock });
    const other = Buffer.concat(parts);
    const mixed = Buffer.concat([whole.subarray(0, starts[0]), other.subarray(chunkStarts(other)[0])]);
    assert.equal(await failureOf(mixed, 0), 'altered');
  });

  test('another key, a newer format and another file are each told in a sentence', async () => {
    const tell = async (bytes: Buffer, key = KEY): Promise<string> => {
      const to = memoryStore({ clock });
      const failure = await restoreStore({ from: Readable.from([bytes]), to, key, clock }).catch(
        (error: Error) => error,
      );
      assert.ok(failure instanceof BackupError);
      assert.equal((await contents(to)).size, 0);
      return failure.message;
    };
    assert.match(await tell(whole, generateSecret()), /made with another key: set BACKUP_KEY .*\(it wants [0-9a-f]{8}/);
    const newer = Buffer.from(whole);
    newer[8] = 2;
    assert.match(await tell(newer), /newer version of holdfast/);
    assert.match(await tell(Buffer.from('{"sessions": []}')), /not a backup of holdfast/);
    assert.match(await tell(Buffer.alloc(0)), /not a backup of holdfast/);
  });

  test('the parts in which the bytes arrive make no difference', async () => {
    for (const size of [1000, 65_536, 65_537, whole.length]) {
      const parts: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size) parts.push(whole.subarray(at, at + size));
      const to = memoryStore({ clock });
      const { restored } = await restoreStore({ from: Readable.from(parts), to, key: KEY, clock });
      assert.equal(restored, SESSIONS);
    }
  });

  /** The code that the bytes fail with; null when they do not. What was restored by then lay wholly before `position`. */
  async function failureOf(bytes: Buffer, position: number): Promise<string | null> {
    const to = memoryStore({ clock });
    try {
      await restoreStore({ from: Readable.from([bytes]), to, key: KEY, clock, acceptOld: true });
      return null;
    } catch (error) {
      assert.ok(error instanceof BackupError, String(error));
      const restored = [...(await contents(to)).keys()];
      assert.ok(restored.every((id) => ids.has(id)));
      const before = starts.filter((start) => start <= position).length - 1;
      if (before <= 0) assert.equal(restored.length, 0);
      return error.code;
    }
  }
});

function chunkStarts(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 11 + bytes.readUInt16BE(9); at < bytes.length; ) {
    starts.push(at);
    at += 4 + (bytes.readUInt32BE(at) & 0x7fff_ffff) + 16;
  }
  return starts;
}
