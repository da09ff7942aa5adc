/** Asks the two processes of the application as browsers would, and says what each answer means. */
import { Agent } from 'node:http';
import { type Answer, jsonOf, NoAnswer, type RequestPlan, send } from '../http/client.ts';
import { HOST, ORIGIN, ORIGIN_HEADERS } from '../visitor/site.ts';
import type { Ledger, Phase, Verdict } from './ledger.ts';

export interface Asked {
  readonly verdict: Verdict;
  /** Null when there was none. */
  readonly answer: Answer | null;
  readonly body: Readonly<Record<string, unknown>>;
  /** By `performance.now()`. */
  readonly sentAt: number;
  readonly phase: Phase;
}

/** A browser gives up later; every answer of ours has to come long before. */
const PATIENCE_MS = 6000;
const SOCKETS = 200;

export class SiteClient {
  readonly #ledger: Ledger;
  readonly #routes: readonly { readonly port: number; readonly agent: Agent }[];
  #underWay = 0;

  constructor(ports: readonly number[], ledger: Ledger) {
    this.#ledger = ledger;
    this.#routes = ports.map((port) => ({ port, agent: new Agent({ keepAlive: true, maxSockets: SOCKETS }) }));
  }

  get processes(): number {
    return this.#routes.length;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Never rejects. `keep` gets the Set-Cookie lines when the headers arrive. */
  async ask(
    plan: RequestPlan,
    to: number,
    cookie: string,
    keep: (lines: readonly string[]) => void = () => {},
  ): Promise<Asked> {
    const route = this.#routes[to % this.#routes.length];
    if (route === undefined) throw new Error('there is no process to ask');
    const headers = {
      ...ORIGIN_HEADERS,
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) survival',
      'sec-fetch-site': 'same-origin',
      ...(plan.method === 'GET' ? {} : { origin: ORIGIN }),
      ...(cookie === '' ? {} : { cookie }),
    };
    const sentAt = performance.now();
    const { phase } = this.#ledger;
    this.#underWay += 1;
    try {
      const answer = await send(plan, { ...route, headers, timeoutMs: PATIENCE_MS, onHeaders: keep });
      const verdict = judge(answer);
      this.#ledger.answered(verdict, phase, sentAt);
      if (verdict.is === 'unreachable' && answer.setCookie.length > 0) {
        this.#ledger.blame('touchedCookies', `${plan.method} ${plan.path}`);
      }
      if (verdict.is === 'unexpected') this.#ledger.blame('unexpected', `${plan.path}: ${verdict.what}`);
      return { verdict, answer, body: jsonOf(answer), sentAt, phase };
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      const verdict: Verdict = { is: 'unanswered', why: error.message };
      this.#ledger.answered(verdict, phase, sentAt);
      return { verdict, answer: null, body: {}, sentAt, phase };
    } finally {
      this.#underWay -= 1;
    }
  }

  close(): void {
    for (const { agent } of this.#routes) agent.destroy();
  }
}

function judge(answer: Answer): Verdict {
  if (answer.status === 200) return { is: 'served' };
  if (answer.status === 401) return { is: 'refused', reason: answer.headers['x-session-reason'] ?? 'none' };
  if (answer.status === 503) return { is: 'unreachable' };
  return { is: 'unexpected', what: `${answer.status} ${answer.text.slice(0, 120)}` };
}

/** Where the cookies belong. */
export const SITE: string = HOST;
