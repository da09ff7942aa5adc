/**
 * One-time sessions from a back end's side: asks the service over HTTP with an API key.
 *
 * What each returns: every answer of the service is a value, and so is no answer. It throws for options that cannot work,
 * and what `JSON.stringify` throws for contents that are no JSON.
 */
import { HoldfastError } from '../core/errors.ts';
import type { Unreachable } from '../core/outcomes.ts';
import type { Json } from '../core/record.ts';
import type { TicketContents, TicketRefusal } from '../core/tickets.ts';

/** What {@link ticketClient} takes. */
export interface TicketClientOptions {
  /** Where the service is: scheme, host and port, e.g. `https://auth.example`. The key goes there and nowhere else. */
  readonly service: string;
  /** From `holdfast api-keys create`. Keep it on the server. */
  readonly apiKey: string;
  /** Default the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** How long one request may take, in seconds. Default 3. */
  readonly deadlineSeconds?: number;
}

/** The service answered, and will not: the key, its scope or the request is wrong. Nothing was made or used. */
export interface Denied {
  readonly status: 'denied';
  /** The problem code (RFC 9457), e.g. `invalid-api-key`, `out-of-scope`, `validation-failed`. */
  readonly code: string;
  /** One sentence for an operator. */
  readonly detail: string;
}

/** The answer of `create`. The id is told here and never again. */
export type CreatedTicketOutcome =
  | {
      readonly status: 'created';
      readonly id: string;
      /** For the `src` of an iframe. */
      readonly iframeUrl: string;
      readonly expiresInSeconds: number;
    }
  | { readonly status: 'limit-reached'; readonly reason: 'limit-reached'; readonly retryAfterSeconds: number }
  | Denied
  | Unreachable;

/** A one-time session that was good; times in milliseconds since 1970. */
export interface ValidatedTicket {
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number;
  readonly origins: readonly string[];
  readonly user: string | null;
  readonly data: Json | null;
}

/** The answer of `validate`. */
export type ValidatedTicketOutcome =
  | { readonly status: 'consumed'; readonly ticket: ValidatedTicket }
  | { readonly status: 'refused'; readonly reason: TicketRefusal }
  | Denied
  /** It may have been used: ask again within ten seconds with this key, and a lost answer is given again. */
  | (Unreachable & { readonly idempotencyKey: string });

/** The answer of `status`. */
export type TicketStatusOutcome =
  | {
      readonly status: 'counted';
      readonly live: number;
      readonly used: number;
      readonly totalCreated: number;
      readonly totalUsed: number;
      readonly maxTickets: number;
      /** What keeps them, e.g. `redis`. */
      readonly storage: string;
      readonly healthy: boolean;
    }
  | Denied
  | Unreachable;

/** A service, as a back end with a key sees it. */
export interface TicketClient {
  /** Without origins the key's own stand in. */
  create(contents?: TicketContents): Promise<CreatedTicketOutcome>;
  /**
   * Uses it, once. When no answer comes back it asks once more under the same idempotency key, which is a random one where
   * none is given: a connection that breaks after the use costs nobody their one-time session.
   */
  validate(id: string, options?: { readonly idempotencyKey?: string }): Promise<ValidatedTicketOutcome>;
  status(): Promise<TicketStatusOutcome>;
}

const REFUSALS: ReadonlySet<string> = new Set<TicketRefusal>([
  'already-used',
  'ticket-expired',
  'not-found',
  'wrong-origin',
]);
/** Somebody between answered in the service's place. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 504]);

/** `null` where no answer came back, or none that this client can read. */
type Answer = { readonly status: number; readonly retryAfterSeconds: number; readonly body: Body } | null;
type Body = Readonly<Record<string, Json>>;

/** Throws `invalid-option`; asks nothing by itself. */
export function ticketClient(options: TicketClientOptions): TicketClient {
  const { service, apiKey, deadlineSeconds = 3 } = options;
  const send = options.fetch ?? fetch;
  assertOptions(service, apiKey, deadlineSeconds);

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    body?: Body,
    headers?: Record<string, string>,
  ): Promise<Answer> {
    const text = body === undefined ? null : JSON.stringify(body);
    try {
      const response = await send(`${service}${path}`, {
        method,
        // A redirect would take the key elsewhere.
        redirect: 'manual',
        signal: AbortSignal.timeout(deadlineSeconds * 1000),
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${apiKey}`,
          ...(text === null ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(text === null ? {} : { body: text }),
      });
      const read = readBody(await response.text());
      if (GATEWAY_STATUSES.has(response.status)) return null;
      if (response.ok && read === null) return null;
      const retryAfterSeconds = Number(response.headers.get('retry-after') ?? '1');
      return {
        status: response.status,
        retryAfterSeconds: retryAfterSeconds >= 1 ? Math.ceil(retryAfterSeconds) : 1,
        body: read ?? {},
      };
    } catch {
      return null;
    }
  }

  return {
    async create({ origins, user, data } = {}) {
      const answer = await ask('POST', '/auth/create-session', {
        ...(origins === undefined ? {} : { origins }),
        ...(user === undefined ? {} : { user }),
        ...(data === undefined ? {} : { data }),
      });
      if (answer?.status === 429) {
        return { status: 'limit-reached', reason: 'limit-reached', retryAfterSeconds: answer.retryAfterSeconds };
      }
      if (answer?.status !== 201) return failed(answer, service);
      const { session_id: id, iframe_url: path, expires_in_minutes: minutes } = answer.body;
      const iframeUrl = new URL(String(path), service).href;
      return { status: 'created', id: String(id), iframeUrl, expiresInSeconds: Number(minutes) * 60 };
    },

    async validate(id, { idempotencyKey = crypto.randomUUID() } = {}) {
      const body = { session_id: id, idempotency_key: idempotencyKey };
      const answer =
        (await ask('POST', '/auth/validate-session', body)) ?? (await ask('POST', '/auth/validate-session', body));
      if (answer?.status === 200) return { status: 'consumed', ticket: toTicket(answer.body) };
      const reason = answer?.body.code;
      if (answer?.status === 401 && isRefusal(reason)) return { status: 'refused', reason };
      const failure = failed(answer, service);
      return failure.status === 'unreachable' ? { ...failure, idempotencyKey } : failure;
    },

    async status() {
      const answer = await ask('GET', '/auth/session-status');
      if (answer?.status !== 200) return failed(answer, service);
      const { body } = answer;
      return {
        status: 'counted',
        live: Number(body.active_sessions),
        used: Number(body.used_sessions),
        totalCreated: Number(body.total_created),
        totalUsed: Number(body.total_used),
        maxTickets: Number(body.max_sessions),
        storage: String(body.storage),
        healthy: body.redis_healthy === true,
      };
    },
  };
}

function assertOptions(service: string, apiKey: string, deadlineSeconds: number): void {
  const problems: string[] = [];
  const url = URL.parse(service);
  if (url === null || !/^https?:$/.test(url.protocol) || url.origin !== service) {
    problems.push('service is a scheme, a host and a port, such as https://auth.example');
  }
  if (!/^hfk_[!-~]+$/.test(apiKey)) problems.push('apiKey begins with hfk_; make one with: holdfast api-keys create');
  if (!(deadlineSeconds > 0 && deadlineSeconds <= 60)) problems.push('deadlineSeconds is a number up to 60');
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
}

function readBody(text: string): Body | null {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Body) : null;
  } catch {
    return null;
  }
}

function isRefusal(code: Json | undefined): code is TicketRefusal {
  return typeof code === 'string' && REFUSALS.has(code);
}

/** No answer, and any from 500 on, say nothing of the one-time session. */
function failed(answer: Answer, service: string): Denied | Unreachable {
  if (answer === null || answer.status >= 500) {
    const retryAfterSeconds = answer?.retryAfterSeconds ?? 1;
    return { status: 'unreachable', reason: 'store-unreachable', retryAfterSeconds };
  }
  const { code, detail, title } = answer.body;
  const plain = `${service} answered ${answer.status}, so it is not the service itself or not its address`;
  return {
    status: 'denied',
    code: typeof code === 'string' ? code : 'bad-request',
    detail: typeof detail === 'string' ? detail : typeof title === 'string' ? title : plain,
  };
}

function toTicket({ created_at, expires_at, used_at, origins, user, data }: Body): ValidatedTicket {
  return {
    createdAt: Date.parse(String(created_at)),
    expiresAt: Date.parse(String(expires_at)),
    usedAt: Date.parse(String(used_at)),
    origins: Array.isArray(origins) ? origins.map(String) : [],
    user: typeof user === 'string' ? user : null,
    data: data ?? null,
  };
}
