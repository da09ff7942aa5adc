/** Writes down what was asked and answered during a drill, without a single credential. */
import type { Answer, RequestPlan } from '../http/client.ts';
import { REPOSITORY } from '../systems/repository.ts';

/** What is kept of a drill. */
export interface EvidenceRecord {
  readonly requests: number;
  readonly unanswered: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** What the drill found worth telling, in order. */
  readonly notes: readonly string[];
  /** The first answers of each kind. */
  readonly samples: readonly string[];
}

const SAMPLES_PER_KIND = 2;
const SAMPLES_AT_MOST = 24;
const NOTES_AT_MOST = 40;

export class Evidence {
  readonly #startedAt: number = performance.now();
  readonly #statuses = new Map<string, number>();
  readonly #kinds = new Map<string, number>();
  readonly #samples: string[] = [];
  readonly #notes: string[] = [];
  #requests = 0;
  #unanswered = 0;
  #slowestMs = 0;

  note(sentence: string): void {
    // Where the repository lies on this machine is nobody's business.
    if (this.#notes.length < NOTES_AT_MOST) this.#notes.push(sentence.replaceAll(REPOSITORY, ''));
  }

  answered(plan: RequestPlan, answer: Answer): void {
    this.#requests += 1;
    this.#slowestMs = Math.max(this.#slowestMs, answer.tookMs);
    const status = String(answer.status);
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    const [path = ''] = plan.path.split('?');
    const cookies = answer.setCookie.map(describeCookie).join(' + ');
    const reason = answer.headers['x-session-reason'];
    const body = answer.status >= 400 || answer.text.length < 80 ? ` ${clean(answer.text)}` : '';
    const set = cookies === '' ? '' : ` · Set-Cookie ${cookies}`;
    const why = reason === undefined ? '' : ` · reason ${reason}`;
    this.#sample(
      `${plan.method} ${path} ${status} ${cookies}`,
      `${plan.method} ${path} → ${status}${why}${set}${body}`,
    );
  }

  unanswered(plan: RequestPlan, why: string): void {
    this.#requests += 1;
    this.#unanswered += 1;
    this.#sample(`${plan.method} none`, `${why}`);
  }

  record(): EvidenceRecord {
    return {
      requests: this.#requests,
      unanswered: this.#unanswered,
      statuses: Object.fromEntries([...this.#statuses].sort(([a], [b]) => a.localeCompare(b))),
      slowestMs: Math.round(this.#slowestMs),
      notes: [...this.#notes],
      samples: [...this.#samples],
    };
  }

  #sample(kind: string, line: string): void {
    const seen = this.#kinds.get(kind) ?? 0;
    this.#kinds.set(kind, seen + 1);
    if (seen >= SAMPLES_PER_KIND || this.#samples.length >= SAMPLES_AT_MOST) return;
    const at = ((performance.now() - this.#startedAt) / 1000).toFixed(3);
    this.#samples.push(`+${at}s ${line}`);
  }
}

/** Name, size and attributes: enough to judge a cookie, not to use it. */
function describeCookie(line: string): string {
  const [pair = '', ...attributes] = line.split(';');
  const at = pair.indexOf('=');
  const size = pair.length - at - 1;
  const told = attributes.map((each) => each.trim().replace(/^(expires)=.*/i, '$1')).join('; ');
  return `${pair.slice(0, at)}(${size === 0 ? 'empty' : `${size} chars`}; ${told})`;
}

/** Long runs of letters and digits are what credentials look like. */
function clean(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[A-Za-z0-9_%.+/=-]{24,}/g, (run) => `${run.slice(0, 4)}…`)
    .slice(0, 160);
}
