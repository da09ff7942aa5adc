/** A crowd at a fixed total rate on alternating processes: looks, writes, refreshes, sign-outs and sign-ins. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Ledger } from './ledger.ts';
import { type Ghost, Person, tryGhost } from './person.ts';
import type { SiteClient } from './site-client.ts';

export interface CrowdOptions {
  readonly client: SiteClient;
  readonly ledger: Ledger;
  readonly people: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds since 1970 on everybody's machine. */
  readonly clock: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

const TICK_MS = 5;
const DRAIN_MS = 10_000;
const FINAL_MS = 20_000;
/** So that most people are signed in at any moment, however long sign-ins do not work. */
const AWAY_AT_MOST = 0.2;

const SHARE = { write: 0.1, ghost: 0.1, signOut: 0.02 };
const WITHOUT_ACCESS = 0.08;

export class Crowd {
  readonly people: readonly Person[];
  readonly ghosts: Ghost[] = [];
  readonly #options: CrowdOptions;
  #sent = 0;
  #running: Promise<void> | null = null;
  #stopping = false;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.people = Array.from({ length: options.people }, (_, i) => new Person({ ...options, user: `person-${i}` }));
  }

  /** Throws when somebody cannot be signed in, because the drill would say nothing then. */
  async signInAll(): Promise<void> {
    this.#options.ledger.pauseEnded();
    for (const person of this.people) {
      for (let i = 0; i < 3 && person.state === 'out'; i++) await person.signIn(i);
      if (person.state === 'out') throw new Error(`${person.user} could not be signed in before the drill`);
    }
  }

  start(): void {
    this.#stopping = false;
    this.#options.ledger.pauseEnded();
    this.#running = this.#run();
  }

  /** Answers when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    const deadline = performance.now() + DRAIN_MS;
    while (this.#options.client.underWay > 0 && performance.now() < deadline) await pause(TICK_MS);
  }

  /** How many people have not been served since that moment. */
  unservedSince(moment: number): number {
    return this.people.filter(({ servedAt }) => servedAt < moment).length;
  }

  /** Everybody and every ended session once more on every process. Answers how many got no clear answer in the end. */
  async lookAtAll(): Promise<number> {
    const { client, ledger } = this.#options;
    const processes = Array.from({ length: client.processes }, (_, i) => i);
    const deadline = performance.now() + FINAL_MS;
    let silent = 0;
    const insist = async (look: () => Promise<boolean>): Promise<void> => {
      while (!(await look())) {
        if (performance.now() > deadline) {
          silent += 1;
          return;
        }
        await pause(100);
      }
    };
    for (const person of this.people.filter(({ state }) => state === 'ending')) {
      await insist(async () => {
        const ghost = await person.signOut(0, 'here');
        if (ghost !== null) this.ghosts.push(ghost);
        return ghost !== null;
      });
    }
    for (const to of processes) {
      for (const person of this.people) {
        if (person.state === 'in') await insist(() => person.isAnswered(to));
      }
      for (const ghost of this.ghosts) {
        await insist(async () => {
          const { is } = await tryGhost(ghost, to, client, ledger, false);
          return is === 'served' || is === 'refused';
        });
      }
    }
    return silent;
  }

  async #run(): Promise<void> {
    const { rate } = this.#options;
    const startedAt = performance.now();
    let sent = 0;
    while (!this.#stopping) {
      const due = Math.floor(((performance.now() - startedAt) / 1000) * rate);
      for (; sent < due; sent++) this.#act();
      await pause(TICK_MS);
    }
  }

  #act(): void {
    const { random } = this.#options;
    const to = this.#sent++;
    if (random() < SHARE.ghost && this.ghosts.length > 0) {
      this.#tryGhost(to);
      return;
    }
    const person = this.#pick();
    if (person === null) return;
    const wants = random();
    const leaves = wants < SHARE.signOut && person.underWay === 0 && this.#canLeave();
    if (person.state === 'out') void person.signIn(to);
    else if (person.state === 'ending' || leaves) void this.#signOut(person, to);
    else if (wants < SHARE.write && person.canWrite) void person.write(to);
    else void person.validate(to, random() < WITHOUT_ACCESS);
  }

  /** Signing in and out is done alone: what else would be under way then has no single right answer. */
  #pick(): Person | null {
    for (let i = 0; i < 8; i++) {
      const person = this.people[Math.floor(this.#options.random() * this.people.length)];
      if (person !== undefined && (person.state === 'in' || person.underWay === 0)) return person;
    }
    return null;
  }

  #canLeave(): boolean {
    const away = this.people.filter(({ state }) => state !== 'in').length;
    return away < this.people.length * AWAY_AT_MOST;
  }

  async #signOut(person: Person, to: number): Promise<void> {
    const { random, client, ledger } = this.#options;
    const kind = random();
    const ghost = await person.signOut(to, kind < 0.4 ? 'here' : kind < 0.8 ? 'twice' : 'everywhere');
    if (ghost === null) return;
    this.ghosts.push(ghost);
    // At once on the other process, which may have it in its cache.
    await tryGhost(ghost, to + 1, client, ledger, false);
  }

  /** Half of the time one of the latest, because those are what a fault may bring back. */
  #tryGhost(to: number): void {
    const { random, client, ledger } = this.#options;
    const latest = Math.min(20, this.ghosts.length);
    const at = random() < 0.5 ? this.ghosts.length - 1 - Math.floor(random() * latest) : random() * this.ghosts.length;
    const ghost = this.ghosts[Math.floor(at)];
    if (ghost !== undefined) void tryGhost(ghost, to, client, ledger, random() < 0.2);
  }
}
