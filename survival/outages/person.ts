/** Somebody with a browser, and what was promised to them: who they are, and each value that was acknowledged as saved. */
import { CookieJar } from '../http/cookie-jar.ts';
import type { Ledger } from './ledger.ts';
import { type Asked, SITE, type SiteClient } from './site-client.ts';

/**
 * How long after an acknowledgement another process may still answer from its cache: it trusts what it has for a second
 * after the store fell silent, and a request may be under way.
 */
export const CACHE_LAG_MS = 1500;

/** More would make records larger than sessions are. */
const VALUES_AT_MOST = 16;

/** A session that ended, and the cookies that opened it. */
export interface Ghost {
  readonly user: string;
  readonly session: string;
  readonly cookie: string;
  /** When its end was acknowledged, by `performance.now()`. */
  readonly endedAt: number;
  /** Which processes have already said that it is over. */
  readonly refusedBy: Set<number>;
  /** It let somebody in again; told once. */
  isBack: boolean;
}

/** `ending`: a sign-out was asked for and is not acknowledged, so that nobody can say what is right. */
export type State = 'in' | 'ending' | 'out';

export interface PersonOptions {
  readonly user: string;
  readonly client: SiteClient;
  readonly ledger: Ledger;
  /** Milliseconds since 1970 on their machine. */
  readonly clock: () => number;
}

export class Person {
  readonly user: string;
  readonly #client: SiteClient;
  readonly #ledger: Ledger;
  readonly #jar: CookieJar;
  /** Key → value and when it was acknowledged. */
  readonly #saved = new Map<string, { readonly value: string; readonly at: number }>();
  state: State = 'out';
  /** Requests of theirs that are not answered. */
  underWay = 0;
  /** When they were last served, by the time of sending; 0 for never. */
  servedAt = 0;
  #session = '';
  #values = 0;
  #writes = 0;

  constructor({ user, client, ledger, clock }: PersonOptions) {
    this.user = user;
    this.#client = client;
    this.#ledger = ledger;
    this.#jar = new CookieJar({ clock });
  }

  /** How many values are acknowledged in this session. */
  get saved(): number {
    return this.#saved.size;
  }

  get canWrite(): boolean {
    return this.#values < VALUES_AT_MOST;
  }

  async signIn(to: number): Promise<void> {
    const asked = await this.#ask('POST', '/sign-in', to, { user: this.user });
    if (asked.verdict.is !== 'served') return;
    this.state = 'in';
    this.#session = String(asked.body.session);
    this.#saved.clear();
    this.#values = 0;
    this.#look(asked, to);
  }

  /** Asks who they are. With `withoutAccess` as a browser whose short-lived cookie is gone. */
  async validate(to: number, withoutAccess = false): Promise<void> {
    this.#look(await this.#ask('GET', '/me', to, undefined, withoutAccess), to);
  }

  async write(to: number): Promise<void> {
    this.#values += 1;
    this.#writes += 1;
    const [key, value] = [`k${this.#values}`, `v${this.#writes}`];
    const asked = await this.#ask('POST', '/value', to, { key, value });
    if (asked.verdict.is === 'served') this.#saved.set(key, { value, at: performance.now() });
    this.#look(asked, to);
  }

  /** Ends the session, by one request or by two at the same moment; answers what is left of it once that is acknowledged. */
  async signOut(to: number, how: 'here' | 'twice' | 'everywhere'): Promise<Ghost | null> {
    const cookie = this.#jar.header(SITE, '/');
    const path = how === 'everywhere' ? '/sign-out-everywhere' : '/sign-out';
    const wasSure = this.state === 'in';
    this.state = 'ending';
    const asking = [to, ...(how === 'twice' ? [to + 1] : [])].map((each) => this.#ask('POST', path, each));
    const asked = await Promise.all(asking);
    const told = asked.filter(({ verdict }) => verdict.is === 'served').map(({ body }) => Number(body.ended));
    const ended = told.reduce((sum, each) => sum + each, 0);
    if (wasSure && told.length > 0 && ended === 0) this.#ledger.unclaimedEnd();
    if (how === 'twice' && ended > 1) this.#ledger.blame('doubles', this.#evidence(asked[0], to));
    // Everywhere, a first try that was not acknowledged may have ended it; then they are told so.
    const refused = asked.find(({ verdict }) => verdict.is === 'refused');
    if (refused !== undefined && wasSure) this.#blameSignOut(refused, to);
    if (told.length === 0 && refused === undefined) return null;
    this.state = 'out';
    const endedAt = performance.now();
    return { user: this.user, session: this.#session, cookie, endedAt, refusedBy: new Set(), isBack: false };
  }

  /** A last look: answers whether they were told anything at all. */
  async isAnswered(to: number): Promise<boolean> {
    const asked = await this.#ask('GET', '/me', to);
    if (this.state === 'in') this.#look(asked, to);
    return asked.verdict.is === 'served' || asked.verdict.is === 'refused';
  }

  async #ask(method: string, path: string, to: number, body?: unknown, withoutAccess = false): Promise<Asked> {
    this.underWay += 1;
    const header = this.#jar.header(SITE, path);
    const cookie = withoutAccess ? withoutAccessCookie(header) : header;
    const plan = body === undefined ? { method, path } : { method, path, json: body };
    const asked = await this.#client.ask(plan, to, cookie, (lines) => this.#jar.keep(SITE, path, lines));
    this.underWay -= 1;
    if (asked.verdict.is === 'served') this.servedAt = Math.max(this.servedAt, asked.sentAt);
    return asked;
  }

  /** Compares an answer to somebody who is signed in with what was promised. */
  #look(asked: Asked, to: number): void {
    if (asked.verdict.is === 'refused') {
      // Several requests at the same moment are told the same; it is one sign-out.
      if (this.state === 'in') this.#blameSignOut(asked, to);
      return;
    }
    if (asked.verdict.is !== 'served') return;
    const { user, data } = asked.body;
    if (user !== undefined && user !== this.user) {
      this.#ledger.blame('wrongPerson', `${this.user} was answered as ${String(user)}`);
    }
    if (typeof data === 'object' && data !== null) this.#compare(asked, data as Record<string, unknown>, to);
  }

  #compare(asked: Asked, data: Readonly<Record<string, unknown>>, to: number): void {
    if (asked.body.session !== this.#session) return;
    for (const [key, { value, at }] of this.#saved) {
      if (at > asked.sentAt || data[key] === value) continue;
      const ageMs = asked.sentAt - at;
      if (ageMs <= CACHE_LAG_MS) {
        this.#ledger.lateData(ageMs);
        continue;
      }
      this.#saved.delete(key);
      this.#ledger.blame(
        'lostData',
        `${key}, acknowledged ${Math.round(ageMs)} ms before; ${this.#evidence(asked, to)}`,
      );
    }
  }

  #blameSignOut(asked: Asked, to: number): void {
    this.state = 'out';
    this.#ledger.blame('signOuts', this.#evidence(asked, to));
  }

  #evidence(asked: Asked | undefined, to: number): string {
    const why = asked?.verdict.is === 'refused' ? asked.verdict.reason : (asked?.verdict.is ?? '');
    return `${this.user}, session ${this.#session}, process ${to % this.#client.processes}, asked ${asked?.phase}: ${why}`;
  }
}

/** The access token is short-lived; a browser may drop it at any moment. */
function withoutAccessCookie(header: string): string {
  return header
    .split('; ')
    .filter((pair) => !pair.includes('_access='))
    .join('; ');
}

/** Tries the cookies of a session that is over; it must stay over. */
export async function tryGhost(ghost: Ghost, to: number, client: SiteClient, ledger: Ledger, write: boolean) {
  const process = to % client.processes;
  const plan = write
    ? { method: 'POST', path: '/value', json: { key: 'ghost', value: 'written by nobody' } }
    : { method: 'GET', path: '/me' };
  const { verdict, sentAt, phase } = await client.ask(plan, process, ghost.cookie);
  if (verdict.is === 'refused') ghost.refusedBy.add(process);
  if (verdict.is !== 'served') return verdict;
  const ageMs = sentAt - ghost.endedAt;
  if (ageMs <= CACHE_LAG_MS && !ghost.refusedBy.has(process)) {
    ledger.lateEnd(ageMs);
    return verdict;
  }
  if (ghost.isBack) return verdict;
  ghost.isBack = true;
  const again = ghost.refusedBy.has(process) ? ', which had refused it before' : '';
  const detail = `${ghost.user}, session ${ghost.session}, process ${process}${again}, ended ${Math.round(ageMs)} ms before, asked ${phase} by ${plan.path}`;
  ledger.blame('resurrections', detail);
  return verdict;
}
