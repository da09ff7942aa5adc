/** The model test of the layered store notices when any one rule of the protocol is broken. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ModelRun, runOnCopy } from './run-on-copy.ts';

/** One rule broken in a copy of the sources, and the program of the model that must notice. */
interface Mutation {
  readonly rule: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly noticedBy: string;
}

const BARRIER = '    await leaveTrace(this.#trust, (front) => front.bar(id, tombstone));\n';
const TAKE = '    const result = await this.#back.take(id, tombstone);\n';

const MUTATIONS: readonly Mutation[] = [
  {
    rule: 'an end leaves its barrier before the back is told',
    file: 'layered-store.ts',
    from: `${BARRIER}${TAKE}`,
    to: TAKE,
    noticedBy: 'a sign-out beside a read',
  },
  {
    rule: 'an end leaves its barrier once more after the back was told',
    file: 'layered-store.ts',
    from: `${TAKE}${BARRIER}`,
    to: TAKE,
    noticedBy: 'a read that copies across a sign-out and a flush',
  },
  {
    rule: 'a copy needs its ticket',
    file: 'front.ts',
    from: 'const moved = await this.store.move(ticket.id, { ifVersion: ticket.version, next: record, pointerExpiresAt: now });',
    to: "await this.store.put(record); const moved = { status: now > 0 ? 'moved' : 'exists' };",
    noticedBy: 'a read that copies across a sign-out and a flush',
  },
  {
    rule: 'the ticket is had before the back is asked',
    file: 'copier.ts',
    from: `    const ticket = await this.#ticket(front, record);
    const now = this.#options.clock();
    const read = await this.#options.back.read(record.id);
`,
    to: `    const read = await this.#options.back.read(record.id);
    const ticket = await this.#ticket(front, record);
    const now = this.#options.clock();
`,
    noticedBy: 'a read that copies across a sign-out and a flush',
  },
  {
    rule: 'an update is repeated in the front before it is acknowledged',
    file: 'layered-store.ts',
    from: 'await leaveTrace(this.#trust, (front) => front.repeat(',
    to: 'void leaveTrace(this.#trust, (front) => front.repeat(',
    noticedBy: 'two updates beside each other',
  },
  {
    rule: 'an update leaves no empty place for an older copy',
    file: 'front.ts',
    from: "} else if (result.status !== 'absent') return;",
    to: '} else return;',
    noticedBy: 'a read that copies beside an update',
  },
  {
    rule: 'a write that left no trace in the front suspends it',
    file: 'trace.ts',
    from: '      await trust.suspend(front.namespace);\n',
    to: '      return;\n',
    noticedBy: 'a sign-out by a process that cannot reach the front',
  },
  {
    rule: 'who suspends waits until all leases have run out',
    file: 'trust.ts',
    from: 'const wait = this.#known.since + leaseMs - pace.now();',
    to: 'const wait = this.#known.since - pace.now();',
    noticedBy: 'a sign-out by a process that cannot reach the front',
  },
  {
    rule: 'the front is read on a lease alone',
    file: 'trust.ts',
    from: 'if (age < this.#options.leaseMs && this.#known.wallAge() < this.#options.leaseMs)',
    to: 'if (age < Number.POSITIVE_INFINITY)',
    noticedBy: 'a sign-out by a process that cannot reach the front',
  },
  {
    rule: 'what a write knows of the register is no older than the lease',
    file: 'knowledge.ts',
    from: 'return pace.now() - this.#from < leaseMs && this.wallAge() < leaseMs;',
    to: 'return pace.now() - this.#from < Number.POSITIVE_INFINITY;',
    noticedBy: 'a sign-out while the front is opened anew',
  },
  {
    rule: 'a front that was opened is used when nobody takes it for suspended any more',
    file: 'trust.ts',
    from: 'if (now < this.#known.since + this.#options.leaseMs || front.interrupted) return null;',
    to: 'if (front.interrupted) return null;',
    noticedBy: 'a sign-out while the front is opened anew',
  },
  {
    rule: 'a front that is opened anew has a new namespace',
    file: 'opening.ts',
    from: 'const front = await connector.open(this.#newNamespace());',
    to: 'const front = await connector.open(suspended.namespace);',
    noticedBy: 'an update by a process that cannot reach the front',
  },
  {
    rule: 'a front that may have gone back is not read',
    file: 'front.ts',
    from: 'return this.store.interruptions !== this.#interruptions;',
    to: 'return this.store.interruptions === this.#interruptions && this.namespace === "";',
    noticedBy: 'a sign-out beside a read',
  },
  {
    rule: 'nobody gives way in the back without a barrier in the front',
    file: 'layered-store.ts',
    from: 'return makeRoom(this.#ends, record, limit);',
    to: 'return this.#back.create(record, limit);',
    noticedBy: 'two sign-ins where only one session may be',
  },
  {
    rule: 'an id that was moved has ended for the front',
    file: 'layered-store.ts',
    from: '    await leaveTrace(this.#trust, (front) => front.bar(id, barrier));\n    const result = await this.#back.move(id, move);\n',
    to: '    const result = await this.#back.move(id, move);\n',
    noticedBy: 'a new id beside a sign-out',
  },
  {
    rule: 'all sessions of a user are ended one by one behind their barriers',
    file: 'ending-many.ts',
    from: 'for (let round = 0; round < MAX_ROUNDS; round++) {\n    if ((await trust.writable()) === null) break;',
    to: 'for (let round = 0; round < 0; round++) {\n    if ((await trust.writable()) === null) break;',
    noticedBy: 'a sign-out everywhere beside a sign-in',
  },
  {
    rule: 'before its first write a process shows where it writes',
    file: 'trust.ts',
    from: 'if (this.#vouching.isIntroduced(front)) return front;\n        if (await this.#vouching.introduce(front, standing)) continue;',
    to: 'return front;',
    noticedBy: 'a sign-out by a newcomer at another front',
  },
  {
    rule: 'nobody reads a front in which the traces of others are missing',
    file: 'vouching.ts',
    from: "if (!inFront.includes(shown)) return 'elsewhere';",
    to: '',
    noticedBy: 'a sign-out by a newcomer at a copy of the front',
  },
  {
    rule: 'who has shown where it writes waits until everybody has looked',
    file: 'vouching.ts',
    from: '    await pace.pause(leaseMs);\n',
    to: '',
    noticedBy: 'a sign-out by a newcomer at a copy of the front',
  },
  {
    rule: 'a newcomer does not read before somebody knows the front',
    file: 'trust.ts',
    from: '!this.#vouching.isVouched || ',
    to: '',
    noticedBy: 'newcomers to a front that has gone back',
  },
  {
    rule: 'what was shown before a newcomer came says nothing to it',
    file: 'vouching.ts',
    from: ' && !first.includes(shown)) this',
    to: ') this',
    noticedBy: 'newcomers to a front that has gone back',
  },
  {
    rule: 'another newcomer knows no more than this one',
    file: 'vouching.ts',
    from: 'if (!this.#vouched && isOdd(shown) && ',
    to: 'if (!this.#vouched && ',
    noticedBy: 'newcomers to a front that has gone back',
  },
  {
    rule: 'a process that was paused takes nobody for silent',
    file: 'pace.ts',
    from: `      if (now - expected > this.#milliseconds / 2) this.#startAnew(now);
      for (;;) {
`,
    to: '      for (;;) {\n        for (const each of this.#waiting) each.isWarned = true;\n',
    noticedBy: 'a sign-out by a newcomer at another front',
  },
];

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-layered-'));
});
after(() => rm(directory, { recursive: true, force: true }));

function runModel(source: string, program: string): Promise<ModelRun> {
  return runOnCopy(source, new URL('./layered-explored.test.ts', import.meta.url), `: ${program}$`);
}

describe('the model test notices broken rules', { concurrency: 2 }, () => {
  for (const [index, { rule, file, from, to, noticedBy }] of MUTATIONS.entries()) {
    test(`the model test notices when this rule is broken: ${rule}`, async () => {
      const source = join(directory, String(index));
      await cp(new URL('../../src', import.meta.url).pathname, source, { recursive: true });
      const path = join(source, 'stores/layered', file);
      const text = await readFile(path, 'utf8');
      assert.equal(text.split(from).length, 2, `${file} should hold ${JSON.stringify(from)} once`);
      await writeFile(path, text.replace(from, to));
      const { code, output } = await runModel(source, noticedBy);
      assert.notEqual(code, 0, `nobody noticed\n${output}`);
      assert.match(output, /ERR_ASSERTION/, `it failed, but not by an assertion\n${output}`);
    });
  }
});
