/**
 * What all processes know of the front, kept in the back: whether it may be used, and under which namespace. It is a
 * record under a reserved id, changed by compare-and-set. Being a pointer to nowhere, it is neither listed nor counted nor
 * taken.
 */
import type { Clock } from '../../core/crypto.ts';
import type { Json, SessionRecord } from '../../core/record.ts';
import { FRONT_NOTE_ID, type TransferableStore } from '../../core/transfer.ts';

/** The reserved id: of the register in the back, and of the mark in each namespace of the front. */
export const RESERVED_ID: string = FRONT_NOTE_ID;

/** The year 2286: later than any session's end, and small enough for every store. */
const NEVER = 9_999_999_999_999;

/** What the register says. */
export interface Standing {
  readonly version: number;
  /** Whether the front may be used. While it may not, everybody works on the back alone. */
  readonly open: boolean;
  /** Under which the front keeps its copies; a new one each time that it is opened. */
  readonly namespace: string;
  /** How long the front is left alone after it was suspended. */
  readonly pauseMs: number;
  /** When it was last opened, by the opener's clock: decides nothing but the length of the next pause. */
  readonly openedAt: number;
  /** The highest number that anybody has shown (vouching.ts). */
  readonly shown: number;
}

export class Register {
  readonly #back: TransferableStore;
  readonly #clock: Clock;

  constructor(back: TransferableStore, clock: Clock) {
    this.#back = back;
    this.#clock = clock;
  }

  /** `unusable`: something else is under the reserved id, so the front stays out of use. */
  async read(): Promise<Standing | 'absent' | 'unusable'> {
    const read = await this.#back.read(RESERVED_ID);
    if (read.status === 'absent') return 'absent';
    return (read.status === 'live' ? standingOf(read.record) : null) ?? 'unusable';
  }

  /** Writes the first register, with the first number. False when another process was quicker. */
  async found(namespace: string, open: boolean, shown: number): Promise<boolean> {
    const data = { open, namespace, pauseMs: 0, openedAt: this.#clock() };
    return (await this.#back.create(reservedRecord(shown, data))).status === 'created';
  }

  /** Takes the front out of use; null when the register has changed meanwhile. */
  suspend(standing: Standing, pauseMs: number): Promise<Standing | null> {
    return this.#change(standing, { open: false, pauseMs });
  }

  /** Puts the front into use; null when the register has changed meanwhile. */
  open(standing: Standing, namespace: string): Promise<Standing | null> {
    return this.#change(standing, { open: true, namespace, openedAt: this.#clock() });
  }

  async show(shown: number): Promise<void> {
    await this.#back.touch(RESERVED_ID, shown, NEVER);
  }

  async #change(standing: Standing, set: Readonly<Record<string, Json>>): Promise<Standing | null> {
    const result = await this.#back.update(RESERVED_ID, { ifVersion: standing.version, set });
    return result.status === 'updated' ? standingOf(result.record) : null;
  }
}

/** A pointer to nowhere under the reserved id. */
export function reservedRecord(now: number, data: Readonly<Record<string, Json>>): SessionRecord {
  return {
    id: RESERVED_ID,
    version: 1,
    userId: null,
    createdAt: now,
    authenticatedAt: null,
    amr: [],
    idleSeconds: 3600,
    absoluteExpiresAt: NEVER,
    lastSeenAt: now,
    expiresAt: NEVER,
    device: {},
    data,
    generation: 0,
    confirmedIssuedAt: 0,
    keyId: '00000000',
    previousKeyId: null,
    movedTo: RESERVED_ID,
  };
}

function standingOf({ version, lastSeenAt, data }: SessionRecord): Standing | null {
  const { open, namespace, pauseMs, openedAt } = data;
  if (typeof open !== 'boolean' || typeof namespace !== 'string' || namespace === '') return null;
  if (typeof pauseMs !== 'number' || typeof openedAt !== 'number') return null;
  return { version, open, namespace, pauseMs, openedAt, shown: lastSeenAt };
}
