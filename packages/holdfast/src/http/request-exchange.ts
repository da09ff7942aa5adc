/** One request and its answer over the engine: what the bindings for fetch and node share. */
import { type Cookie, MAX_AGE_SECONDS } from '../core/cookie.ts';
import { HoldfastError } from '../core/errors.ts';
import { isPromise } from '../core/guard.ts';
import type {
  DataDelta,
  EndOutcome,
  PresentedTokens,
  Resolution,
  RotateOutcome,
  StartAnonymousOptions,
  StartAnonymousOutcome,
  StartOptions,
  StartOutcome,
  TokenGrant,
  Unreachable,
  UpdateOutcome,
} from '../core/outcomes.ts';
import type { Session } from '../core/record.ts';
import type { Sessions } from '../core/sessions.ts';
import { ACTIVITY_HEADER, REASON_HEADER } from '../protocol/names.ts';
import type { Reason } from '../protocol/reasons.ts';
import type { CookieSet } from './cookie-set.ts';
import { decideCsrf, SAFE_METHODS } from './csrf.ts';
import type { CsrfVerdict, Exchange, RequestFacts, ResponseFacts } from './exchange.ts';
import { type ObservedPromise, observe } from './observed-promise.ts';

/** One change under way or done. */
interface Mutation {
  readonly promise: ObservedPromise<unknown>;
  /** Still under way, or not yet begun, when the headers were due: the application cannot have acted on its outcome. */
  outran: boolean;
  settled: boolean;
  unreachable: Unreachable | null;
  failure: { readonly error: unknown } | null;
}

/** The session that a mutation acts on; without one, why there is none. */
type Subject = { readonly status: 'known'; readonly session: Session | null; readonly reason: Reason };

const PASSIVE = Object.freeze({ passive: true });
const UNREACHABLE: Unreachable = Object.freeze({
  status: 'unreachable',
  reason: 'store-unreachable',
  retryAfterSeconds: 1,
});
const NO_COOKIES: readonly string[] = Object.freeze([]);
const UNTOUCHED: ResponseFacts = Object.freeze({ setCookie: NO_COOKIES, headers: Object.freeze({}) });
const SIGNED_IN: ResponseFacts = Object.freeze({
  setCookie: NO_COOKIES,
  headers: Object.freeze({ 'cache-control': 'no-store' }),
});

/** The exchange of every binding. Create it through {@link Exchange}'s factories. */
export class RequestExchange implements Exchange {
  readonly #sessions: Sessions;
  readonly #cookies: CookieSet;
  readonly #request: RequestFacts;
  #resolving: Promise<Resolution> | null = null;
  #resolution: Resolution | null = null;
  #mutations: Mutation[] | null = null;
  #tail: Promise<unknown> | null = null;
  #facts: Promise<ResponseFacts> | null = null;
  #sealed = false;

  /** What mutations made of the session; undefined: it is as it came. */
  #subject: Subject | undefined;
  /** The tokens to send; undefined: those of the resolution. */
  #grant: TokenGrant | null | undefined;
  #clearing: 'nothing' | 'other scopes' | 'all scopes' = 'nothing';
  #signedOut = false;
  #outage = false;

  constructor(sessions: Sessions, cookies: CookieSet, request: RequestFacts) {
    this.#sessions = sessions;
    this.#cookies = cookies;
    this.#request = request;
  }

  csrf(): CsrfVerdict {
    const { access, refresh, origins } = this.#cookies;
    return decideCsrf(this.#request, origins, () => {
      const header = this.#request.header('cookie');
      return access.read(header).length > 0 || refresh.read(header).length > 0;
    });
  }

  resolve(options?: { readonly readOnly?: boolean }): Promise<Resolution> {
    this.#resolving ??= this.#ask(options?.readOnly === true);
    return this.#resolving;
  }

  lacksRefreshToken(): boolean {
    const { access, refresh } = this.#cookies;
    const header = this.#request.header('cookie');
    return header !== undefined && refresh.path === '/' && hasValue(access, header) && !hasValue(refresh, header);
  }

  start(options: Omit<StartOptions, 'replaces'>): Promise<StartOutcome> {
    return this.#mutate<StartOutcome>('start', async () => {
      const before = await this.#current();
      if (before.status === 'unreachable') return before;
      const outcome = await this.#sessions.start({ ...options, replaces: before.session });
      if (outcome.status === 'started') this.#replaceWith(outcome.session, outcome.grant);
      return outcome;
    });
  }

  startAnonymous(options?: StartAnonymousOptions): Promise<StartAnonymousOutcome> {
    return this.#mutate<StartAnonymousOutcome>('startAnonymous', async () => {
      const outcome = await this.#sessions.startAnonymous(options);
      if (outcome.status === 'started') this.#replaceWith(outcome.session, outcome.grant);
      return outcome;
    });
  }

  update(delta: DataDelta): Promise<UpdateOutcome> {
    return this.#mutate<UpdateOutcome>('update', async () => {
      const current = await this.#current();
      if (current.status === 'unreachable') return current;
      if (current.session === null) return { status: 'gone', reason: current.reason };
      const outcome = await this.#sessions.update(current.session.id, delta);
      if (outcome.status === 'gone') this.#subject = { status: 'known', session: null, reason: outcome.reason };
      return outcome;
    });
  }

  rotateId(): Promise<RotateOutcome> {
    return this.#mutate<RotateOutcome>('rotateId', () => this.#rotate((id) => this.#sessions.rotateId(id)));
  }

  stepUp(amr: readonly string[]): Promise<RotateOutcome> {
    return this.#mutate<RotateOutcome>('stepUp', () => this.#rotate((id) => this.#sessions.stepUp(id, amr)));
  }

  signOut(): Promise<EndOutcome> {
    return this.#mutate<EndOutcome>('signOut', async () => {
      const current = await this.#current();
      if (current.status === 'unreachable') return current;
      const outcome: EndOutcome =
        current.session === null
          ? { status: 'ended', ended: 0 }
          : await this.#sessions.end(current.session.id, 'signed-out');
      this.#grant = null;
      if (outcome.status === 'unreachable') {
        this.#clearing = 'nothing';
      } else {
        this.#subject = { status: 'known', session: null, reason: 'signed-out' };
        this.#clearing = 'all scopes';
        this.#signedOut = true;
      }
      return outcome;
    });
  }

  responseFacts(): Promise<ResponseFacts> {
    this.#facts ??= this.#decide();
    return this.#facts;
  }

  immediateFacts(): ResponseFacts | null {
    if (this.#facts !== null || this.#mutations !== null) return null;
    const resolution = this.#resolution;
    if (resolution === null) {
      if (this.#resolving !== null) return null;
      this.#sealed = true;
      return UNTOUCHED;
    }
    if (resolution.status !== 'unreachable' && resolution.grant !== null) return null;
    if (resolution.status === 'not-signed-in' && resolution.conflictingUsers) return null;
    this.#sealed = true;
    return resolution.status === 'signed-in' ? SIGNED_IN : { setCookie: NO_COOKIES, headers: headersOf(resolution) };
  }

  #ask(readOnly: boolean): Promise<Resolution> {
    const tokens = new CookieTokens(this.#cookies, this.#request.header('cookie'));
    const answer = this.#sessions.resolveDirect(tokens, isPassive(this.#request) ? PASSIVE : undefined);
    if (!isPromise(answer)) return Promise.resolve(this.#settle(answer, readOnly));
    return Promise.resolve(answer.then((resolution) => this.#settle(resolution, readOnly)));
  }

  #settle(resolution: Resolution, readOnly: boolean): Resolution {
    const stale = resolution.status === 'signed-in' && resolution.stale === true;
    this.#resolution = stale && !this.#passesStale(readOnly) ? UNREACHABLE : resolution;
    return this.#resolution;
  }

  /** What may have ended meanwhile must not change anything, unless that was chosen. */
  #passesStale(readOnly: boolean): boolean {
    return readOnly || this.#cookies.allowStaleWrites || SAFE_METHODS.has(this.#request.method);
  }

  async #current(): Promise<Subject | Unreachable> {
    if (this.#subject !== undefined) return this.#subject;
    const resolution = await this.resolve();
    if (resolution.status === 'unreachable') return resolution;
    return resolution.status === 'signed-in'
      ? { status: 'known', session: resolution.session, reason: 'not-found' }
      : { status: 'known', session: resolution.anonymous, reason: resolution.reason };
  }

  async #rotate(rotate: (id: string) => Promise<RotateOutcome>): Promise<RotateOutcome> {
    const current = await this.#current();
    if (current.status === 'unreachable') return current;
    if (current.session === null) return { status: 'gone', reason: current.reason };
    const outcome = await rotate(current.session.id);
    if (outcome.status === 'rotated') {
      this.#subject = { status: 'known', session: outcome.session, reason: 'not-found' };
      this.#grant = outcome.grant;
    } else if (outcome.status === 'gone') {
      this.#subject = { status: 'known', session: null, reason: outcome.reason };
    }
    return outcome;
  }

  #replaceWith(session: Session, grant: TokenGrant): void {
    this.#subject = { status: 'known', session, reason: 'no-token' };
    this.#grant = grant;
    // What a former configuration left in the jar would be a second identity beside the new one.
    this.#clearing = 'other scopes';
  }

  /** Lines changes up behind each other, and keeps an eye on those that nobody awaits. */
  #mutate<T extends { readonly status: string }>(name: keyof Exchange, change: () => Promise<T>): Promise<T> {
    if (this.#sealed && name !== 'update') {
      // Its cookies could not reach the client any more, who would be left with tokens of a session that moved on.
      const detail = `${name}() was called after the headers of the answer had left; call it before answering`;
      return Promise.reject(new HoldfastError('invalid-option', detail));
    }
    const outcome = this.#tail === null ? change() : this.#tail.then(change);
    const mutation: Mutation = {
      promise: observe(outcome),
      outran: this.#facts !== null,
      settled: false,
      unreachable: null,
      failure: null,
    };
    this.#mutations ??= [];
    this.#mutations.push(mutation);
    this.#tail = outcome.then(
      (value) => {
        mutation.settled = true;
        if (value.status === 'unreachable') mutation.unreachable = value as T & Unreachable;
      },
      (error: unknown) => {
        mutation.settled = true;
        mutation.failure = { error };
      },
    );
    return mutation.promise as ObservedPromise<T>;
  }

  /** The answer will be that the store did not answer: the cookies stay as they are. */
  protected tellOutage(): void {
    this.#outage = true;
  }

  async #decide(): Promise<ResponseFacts> {
    const mutations = this.#mutations ?? [];
    for (const mutation of mutations) mutation.outran = !mutation.settled;
    for (let waited: unknown; waited !== this.#tail; ) {
      waited = this.#tail;
      await waited;
    }
    if (this.#resolving !== null) await this.#resolving;
    this.#sealed = true;

    const missed = (this.#mutations ?? []).filter(({ outran, promise }) => outran || !promise.isObserved);
    for (const { failure } of missed) if (failure !== null) throw failure.error;
    const unsaved = missed.find(({ unreachable }) => unreachable !== null)?.unreachable ?? null;
    const resolution = this.#resolution;
    if (resolution === null && this.#subject === undefined && this.#mutations === null) return UNTOUCHED;

    const headers: Record<string, string> = headersOf(unsaved ?? this.#standing());
    if (this.#signedOut) headers['clear-site-data'] = '"cache", "storage"';
    return { setCookie: await this.#setCookieLines(), headers, ...(unsaved === null ? {} : { unsaved }) };
  }

  /** How the request stands now that everything is done. */
  #standing(): Standing {
    const resolution = this.#resolution;
    if (this.#subject === undefined) return resolution ?? { status: 'signed-in' };
    const { session, reason } = this.#subject;
    if (session === null) return { status: 'not-signed-in', reason };
    if (session.userId !== null) return { status: 'signed-in' };
    return { status: 'not-signed-in', reason: resolution?.status === 'not-signed-in' ? resolution.reason : reason };
  }

  async #setCookieLines(): Promise<readonly string[]> {
    const { access, refresh, others } = this.#cookies;
    const resolution = this.#resolution;
    const conflict = resolution?.status === 'not-signed-in' && resolution.conflictingUsers;
    // One line per cookie: what is set replaces what would be cleared (RFC 6265bis 4.1.1).
    const lines = new Map<string, string>();
    if (this.#clearing !== 'nothing' || conflict)
      for (const cookie of others) lines.set(cookie.identity, cookie.clear());
    if (this.#clearing === 'all scopes' || (conflict && this.#clearing === 'nothing')) {
      for (const cookie of [access, refresh]) lines.set(cookie.identity, cookie.clear());
    }
    const issued = await this.#grantToUse()?.issue();
    if (issued != null) {
      lines.set(access.identity, access.write(issued.access.value, maxAge(issued.access.maxAgeSeconds)));
      if (issued.refresh !== null) {
        lines.set(refresh.identity, refresh.write(issued.refresh.value, maxAge(issued.refresh.maxAgeSeconds)));
      }
    }
    return lines.size === 0 ? NO_COOKIES : [...lines.values()];
  }

  /** What a mutation stored always goes out; a mere refresh can wait for an answer that is not an outage. */
  #grantToUse(): TokenGrant | null {
    if (this.#grant !== undefined) return this.#grant;
    const resolution = this.#resolution;
    if (this.#outage || resolution === null || resolution.status === 'unreachable') return null;
    return this.#mutations?.some(({ unreachable }) => unreachable !== null) ? null : resolution.grant;
  }
}

/** The refresh token is looked for only when it is looked at: while the access token is good, nobody does. */
class CookieTokens implements PresentedTokens {
  readonly access: readonly string[];
  readonly #cookies: CookieSet;
  readonly #header: string | undefined;

  constructor(cookies: CookieSet, header: string | undefined) {
    this.access = cookies.access.read(header);
    this.#cookies = cookies;
    this.#header = header;
  }

  get refresh(): readonly string[] {
    return this.#cookies.refresh.read(this.#header);
  }
}

type Standing =
  | { readonly status: 'signed-in' }
  | { readonly status: 'not-signed-in'; readonly reason: Reason }
  | Unreachable;

/** No `Vary` is needed: nothing that depends on cookies, origin or Fetch Metadata may be stored (RFC 9111 5.2.2.5). */
function headersOf(standing: Standing): Record<string, string> {
  const headers: Record<string, string> = { 'cache-control': 'no-store' };
  if (standing.status !== 'signed-in') headers[REASON_HEADER] = standing.reason;
  if (standing.status === 'unreachable') headers['retry-after'] = String(standing.retryAfterSeconds);
  return headers;
}

/** A cookie of another scope may be empty for a moment, while it is being cleared. */
function hasValue(cookie: Cookie, header: string): boolean {
  return cookie.read(header).some((value) => value !== '');
}

function isPassive(request: RequestFacts): boolean {
  return (
    request.header(ACTIVITY_HEADER) === 'passive' ||
    request.header('sec-purpose')?.startsWith('prefetch') === true || // Also `prefetch;prerender`.
    request.header('purpose') === 'prefetch'
  );
}

/** Browsers cut what is longer, and whole seconds are all they read. */
function maxAge(seconds: number): number {
  return Math.min(Math.max(Math.floor(seconds), 0), MAX_AGE_SECONDS);
}
