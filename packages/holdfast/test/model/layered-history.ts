/** What everybody asked of the layered stores and was answered, and the promises that such a history must keep. */
import assert from 'node:assert/strict';
import type { SessionRecord, Tombstone } from '../../src/core/record.ts';
import type { Move, Store } from '../../src/core/store.ts';
import { STARTS_AT, type World } from './layered-world.ts';

/** One thing that a process does. */
export type Operation =
  | { readonly kind: 'read'; readonly id: string }
  | { readonly kind: 'create'; readonly record: SessionRecord; readonly max?: number }
  | { readonly kind: 'update'; readonly id: string; readonly key: string; readonly ifVersion?: number }
  | { readonly kind: 'touch'; readonly id: string }
  | { readonly kind: 'take'; readonly id: string }
  | { readonly kind: 'takeByUser'; readonly userId: string; readonly exceptId?: string }
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'move'; readonly id: string; readonly move: Move };

/** An operation under way or done; the numbers are the order of things. */
export interface Done {
  readonly process: number;
  readonly operation: Operation;
  readonly began: number;
  ended: number | null;
  /** What was answered; `failed` for an error. */
  answer: unknown;
  failed: unknown;
  /** For a read: the back had ended the session before it began, and the front had lost nothing. */
  wasOver?: boolean;
}

export interface History {
  readonly all: readonly Done[];
  begin(process: number, operation: Operation): Done;
}

export function createHistory(world: World): History {
  const all: Done[] = [];
  let order = 0;
  return {
    all,
    begin(process, operation) {
      const done: Done = { process, operation, began: order++, ended: null, answer: undefined, failed: undefined };
      all.push(done);
      void perform(world.stores[process] as Store, operation, world).then(
        (answer) => {
          done.ended = order++;
          done.answer = answer;
        },
        (error: unknown) => {
          done.ended = order++;
          done.failed = error;
        },
      );
      return done;
    },
  };
}

async function perform(store: Store, operation: Operation, world: World): Promise<unknown> {
  const now = STARTS_AT + world.elapsed();
  const tombstone: Tombstone = { reason: 'signed-out', at: now };
  switch (operation.kind) {
    case 'read':
      return store.read(operation.id);
    case 'create': {
      const { max } = operation;
      return store.create(operation.record, max === undefined ? undefined : { max, onLimit: 'evict-oldest' });
    }
    case 'update': {
      const { id, key, ifVersion } = operation;
      return store.update(id, { set: { [key]: true }, ...(ifVersion === undefined ? {} : { ifVersion }) });
    }
    case 'touch':
      return store.touch(operation.id, now, now + 3_600_000);
    case 'take':
      return store.take(operation.id, tombstone);
    case 'takeByUser':
      return store.takeByUser(operation.userId, tombstone, operation.exceptId);
    case 'delete':
      return store.delete(operation.id);
    case 'move':
      return store.move(operation.id, operation.move);
  }
}

/** Which failures the schedule planted: they decide what people may notice. */
export interface Planted {
  /** The back failed, so operations may be answered "unreachable". */
  readonly back: boolean;
  /** The front lost what was written to it. */
  readonly lost: boolean;
}

/** Fails when a promise was broken. */
export function assertKept(history: History, planted: Planted): void {
  for (const done of history.all) {
    if (done.failed === undefined) continue;
    const error = done.failed as { code?: string };
    assert.equal(error.code, 'store-unreachable', String(done.failed));
    assert.ok(planted.back, `an outage of the front cost somebody an answer: ${tell(done)}`);
  }
  const reads = history.all.filter(({ operation, answer }) => operation.kind === 'read' && answer !== undefined);
  for (const read of reads) {
    const isWrong = read.wasOver === true && statusOf(read) === 'live';
    if (isWrong) assert.fail(`live although it was over in the back: ${tell(read)}`);
    if (statusOf(read) === 'live') assertNothingForgotten(history, read);
    else assertNobodySignedOut(history, read);
  }
  assertOneTaker(history);
}

function assertNothingForgotten(history: History, read: Done): void {
  const id = idOf(read.operation);
  const record = (read.answer as { record: SessionRecord }).record;
  for (const before of history.all) {
    if (before.ended === null || before.ended > read.began || before.failed !== undefined) continue;
    const { operation } = before;
    const known = before.operation.kind === 'read' && idOf(operation) === id && statusOf(before) === 'ended';
    if (known) assert.fail(`live again after somebody saw it ended: ${tell(read)}`);
    if (endsForGood(history, before, id)) {
      assert.fail(`live after its ending was acknowledged by ${tell(before)}: ${tell(read)}`);
    }
    if (operation.kind === 'update' && operation.id === id && statusOf(before) === 'updated') {
      const moved = record.movedTo !== null;
      const isKept = moved || record.data[operation.key] === true;
      if (!isKept) assert.fail(`an acknowledged write is gone: ${tell(before)}`);
    }
    const led = history.all.find(
      ({ operation: { kind, ...move } }) => kind === 'move' && 'id' in move && move.id === id,
    );
    const nextId = led?.operation.kind === 'move' ? led.operation.move.next.id : null;
    // To erase what is not there is no error, so an erasure under the new id says nothing of whether it moved there.
    const ended = operation.kind === 'delete' ? [] : endedBy(before);
    const outlives = nextId !== null && record.movedTo === null && ended.includes(nextId);
    if (outlives) assert.fail(`live under its former id after it ended under the new one: ${tell(before)}`);
    if (operation.kind === 'move' && operation.id === id && statusOf(before) === 'moved') {
      assert.equal(record.movedTo, operation.move.next.id, 'the session is still there under its former id');
    }
  }
}

function assertNobodySignedOut(history: History, read: Done): void {
  const id = idOf(read.operation);
  if (!wasThere(history, id, read.began)) return;
  const mayHaveEnded = history.all.some(({ operation, began }) => {
    if (began > (read.ended as number)) return false;
    if (operation.kind === 'takeByUser' || operation.kind === 'create')
      return operation.kind === 'takeByUser' || operation.max !== undefined;
    return (operation.kind === 'take' || operation.kind === 'delete') && idOf(operation) === id;
  });
  if (!mayHaveEnded) assert.fail(`nobody ended the session, and yet: ${tell(read)}`);
}

/** Whether somebody was told before that moment that the session is there. */
function wasThere(history: History, id: string, at: number): boolean {
  return history.all.some((done) => {
    const { operation, ended } = done;
    if (ended === null || ended > at) return false;
    if (operation.kind === 'create') return operation.record.id === id && statusOf(done) === 'created';
    return operation.kind === 'move' && operation.move.next.id === id && statusOf(done) === 'moved';
  });
}

/** To erase what is not there is no error, and what comes later is not erased by it. */
function endsForGood(history: History, done: Done, id: string): boolean {
  if (!endedBy(done).includes(id)) return false;
  return done.operation.kind !== 'delete' || wasThere(history, id, done.began);
}

function assertOneTaker(history: History): void {
  const winners = history.all.flatMap((done) => (done.operation.kind === 'delete' ? [] : takenBy(done)));
  assert.equal(new Set(winners).size, winners.length, 'a session was taken twice');
}

/** The sessions that are over for everybody once this was answered. */
function endedBy(done: Done): readonly string[] {
  const { operation } = done;
  if (operation.kind === 'delete') return [operation.id];
  if (operation.kind === 'take') return statusOf(done) === 'taken' || statusOf(done) === 'ended' ? [operation.id] : [];
  return takenBy(done);
}

function takenBy({ operation, answer }: Done): readonly string[] {
  if (answer === undefined) return [];
  if (operation.kind === 'take') return (answer as { status: string }).status === 'taken' ? [operation.id] : [];
  if (operation.kind === 'takeByUser') return (answer as readonly SessionRecord[]).map(({ id }) => id);
  if (operation.kind === 'create') {
    const { evicted = [] } = answer as { evicted?: readonly SessionRecord[] };
    return evicted.map(({ id }) => id);
  }
  return [];
}

function statusOf({ answer }: Done): string | undefined {
  return (answer as { status?: string } | undefined)?.status;
}

function idOf(operation: Operation): string {
  return operation.kind === 'create' ? operation.record.id : 'id' in operation ? operation.id : '';
}

export function tell({ process, operation, began, ended, answer, failed }: Done): string {
  const what = { ...operation, ...('record' in operation ? { record: operation.record.id } : {}) };
  return `[${began}–${ended ?? ''}] process ${process} ${JSON.stringify(what)} → ${JSON.stringify(answer) ?? String(failed)}`;
}
