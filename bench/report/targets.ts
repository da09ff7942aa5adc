/** What was promised, what was measured, and whether the one is the other. */
import type { Drill, Results, Round } from '../results.ts';
import { median, ratio } from './statistics.ts';

/** One line of the table of targets. */
export interface Verdict {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  /** Null: this run did not measure it, or not on a machine that was its own. */
  readonly met: boolean | null;
  /** Names of the two systems, where two are compared. */
  readonly pair?: { readonly ours: string; readonly floor: string };
}

interface Comparison {
  readonly what: string;
  readonly ours: string;
  readonly floor: string;
  readonly target: number;
}

/** Requests per second of the one, divided by those of the other: at least. */
const FASTER: readonly Comparison[] = [
  {
    what: 'library `resolve`, Redis with L1 ÷ raw node:http',
    ours: 'library-redis-l1',
    floor: 'raw-http',
    target: 0.8,
  },
  {
    what: 'library `resolve`, Redis without L1 ÷ node-redis GET without timer',
    ours: 'library-redis',
    floor: 'node-redis',
    target: 0.9,
  },
  { what: 'library `resolve` on SQLite ÷ raw node:http', ours: 'library-sqlite', floor: 'raw-http', target: 0.5 },
  {
    what: 'service validate, Redis with L1 ÷ Fastify JSON',
    ours: 'service-redis-l1',
    floor: 'fastify',
    target: 0.75,
  },
  { what: 'service validate on SQLite ÷ Fastify JSON', ours: 'service-sqlite', floor: 'fastify', target: 0.5 },
  {
    what: 'library, Redis without L1 ÷ express-session + connect-redis, default',
    ours: 'library-redis',
    floor: 'express-redis',
    target: 3.5,
  },
  {
    what: 'library, Redis without L1 ÷ @fastify/session + Redis, tuned',
    ours: 'library-redis',
    floor: 'fastify-session-tuned',
    target: 1.5,
  },
  {
    what: 'library, Redis without L1 ÷ Better Auth on Redis over HTTP',
    ours: 'library-redis',
    floor: 'better-auth-redis-http',
    target: 20,
  },
];

/** The 99th percentile at the fixed rate, divided by the other's: at most. */
const SOONER: readonly Comparison[] = [
  {
    what: 'p99 at the fixed rate, library on Redis with L1 ÷ raw node:http',
    ours: 'library-redis-l1',
    floor: 'raw-http',
    target: 2,
  },
  {
    what: 'p99 at the fixed rate, library on Redis without L1 ÷ node-redis GET without timer',
    ours: 'library-redis',
    floor: 'node-redis',
    target: 1.5,
  },
];

/** Single figures from drills: at most, or where it says so at least. */
const DRILLED: readonly { what: string; drill: string; limit: number; unit?: string; isLeast?: boolean }[] = [
  {
    what: 'store writes for a session read continuously, per refresh window, SQLite',
    drill: 'writes-per-window',
    limit: 1,
  },
  { what: 'the same, Redis with L1', drill: 'writes-per-window-redis', limit: 1 },
  {
    what: 'revocation refused by every process, p99, Redis with L1',
    drill: 'revocation-redis',
    limit: 50,
    unit: ' ms',
  },
  {
    what: 'revocation refused by every process, p99, PostgreSQL with L1',
    drill: 'revocation-postgres',
    limit: 50,
    unit: ' ms',
  },
  { what: 'validate’s p99 while 100 sign-ins hash in parallel ÷ idle', drill: 'hashing', limit: 1.5 },
  { what: 'CPU per request, two processes ÷ one: service, SQLite', drill: 'two-processes', limit: 1.1 },
  {
    what: 'CPU per request, two processes ÷ one: library, Redis without L1',
    drill: 'two-processes-redis',
    limit: 1.1,
  },
  {
    what: 'CPU per request, two processes ÷ one: library, Redis with L1',
    drill: 'two-processes-redis-l1',
    limit: 1.1,
  },
  {
    what: 'one-time sessions made ÷ SET of the same bytes, per process',
    drill: 'ticket-make',
    limit: 0.6,
    isLeast: true,
  },
  { what: 'one-time sessions used ÷ GETDEL of the same bytes', drill: 'ticket-use', limit: 0.6, isLeast: true },
  {
    what: 'one-time sessions made at the fixed rate, p99 beyond the way there and back',
    drill: 'ticket-make-p99',
    limit: 1,
    unit: ' ms',
  },
  { what: 'one-time sessions used, likewise', drill: 'ticket-use-p99', limit: 1, unit: ' ms' },
  { what: 'memory through churn, at most ÷ once settled', drill: 'churn', limit: 1.1 },
];

/** The line of the table of bytes that the target is about, and how many sessions it is about. */
const LEAN_REDIS = { title: 'holdfast, Redis', sessions: 1_000_000 };

const TICKET_REDIS = 'holdfast, Redis, a one-time session with one origin';

export function judge(results: Results): readonly Verdict[] {
  const { systems, drills, bytes = [] } = results;
  const service = systems.find(({ name }) => name === 'service-sqlite');
  const ticket = bytes.find(({ title }) => title === TICKET_REDIS);
  const lean = bytes.find(({ title, sessions }) => title === LEAN_REDIS.title && sessions >= LEAN_REDIS.sessions);
  return [
    ...FASTER.map((comparison) => judgeRate(comparison, results)),
    ...SOONER.map((comparison) => judgeLatency(comparison, results)),
    ...DRILLED.map((target) => judgeDrill(target, drills)),
    atMost(
      'Redis bytes per session, a million of them, all in (no user index is needed)',
      lean?.bytesPerSession,
      100,
      '',
      lean?.detail,
    ),
    atMost('Redis bytes per one-time session, all in', ticket?.bytesPerSession, 210, '', ticket?.detail),
    atMost('service ready after start', service && service.readyMs / 1000, 1.5, ' s'),
    atMost('service memory idle (resident)', service?.idleMiB, 130, ' MiB'),
  ];
}

/** What a profile has to explain: pairs of a system and its floor whose target was missed. */
export function missedPairs(results: Results): readonly { readonly ours: string; readonly floor: string }[] {
  const floors = new Set(results.systems.filter(({ group }) => group === 'floor').map(({ name }) => name));
  const pairs = judge(results).flatMap(({ met, pair }) => (met === false && pair !== undefined ? [pair] : []));
  const unique = new Map(pairs.map((pair) => [`${pair.ours} ${pair.floor}`, pair]));
  return [...unique.values()].filter(({ floor }) => floors.has(floor));
}

function judgeRate({ what, target, ...pair }: Comparison, results: Results): Verdict {
  const wanted = `≥ ${target.toFixed(2)}`;
  const rounds = roundsOf(pair, results);
  if (rounds === null) return { what, target: wanted, measured: 'not measured', met: null };
  const [rates, floors] = [rounds.ours, rounds.floor].map((list) => list.map((round) => round.requestsPerSecond));
  const [costs, floorCosts] = [rounds.ours, rounds.floor].map((list) => list.map((round) => round.cpuMicroseconds));
  const value = ratio(rates ?? [], floors ?? []);
  const cost = ratio(floorCosts ?? [], costs ?? []);
  const [high, low] = [rates, floors].map((list) => Math.round(median(list ?? [])));
  const measured = `${value.toFixed(2)} (${high} ÷ ${low} req/s; by CPU time per request ${cost.toFixed(2)})`;
  return { what, target: wanted, pair, ...judged(measured, value >= target, rounds.quiet) };
}

function judgeLatency({ what, target, ...pair }: Comparison, results: Results): Verdict {
  const wanted = `≤ ${target}`;
  const rounds = roundsOf(pair, results);
  if (rounds === null) return { what, target: wanted, measured: 'not measured', met: null };
  const [mine = [], its = []] = [rounds.ours, rounds.floor].map((list) => list.map((round) => round.p99));
  const value = ratio(mine, its);
  const measured = `${value.toFixed(2)} (${Math.round(median(mine))} ÷ ${Math.round(median(its))} µs)`;
  return { what, target: wanted, pair, ...judged(measured, value <= target, rounds.quiet) };
}

/** Ratios of a machine that somebody else used at the same time prove nothing, neither way. */
function judged(measured: string, met: boolean, quiet: boolean): Pick<Verdict, 'measured' | 'met'> {
  return quiet ? { measured, met } : { measured: `${measured}, while other programs were busy`, met: null };
}

interface PairRounds {
  readonly ours: readonly Round[];
  readonly floor: readonly Round[];
  /** Whether the machine was ours in all of them. */
  readonly quiet: boolean;
}

/** The rounds in which the machine was ours during both turns; all where there is none. Null: not both were measured. */
function roundsOf(pair: { readonly ours: string; readonly floor: string }, results: Results): PairRounds | null {
  const roundsBy = (wanted: string): readonly Round[] | undefined =>
    results.systems.find(({ name }) => name === wanted)?.rounds;
  const [ours, floor] = [roundsBy(pair.ours), roundsBy(pair.floor)];
  if (ours === undefined || floor === undefined) return null;
  const limit = results.setup.foreignLimit;
  const isQuiet = (index: number): boolean =>
    [ours, floor].every((rounds) => (rounds[index]?.foreign ?? Number.POSITIVE_INFINITY) <= limit);
  if (!ours.some((_, index) => isQuiet(index))) return { ours, floor, quiet: false };
  const quiet = (rounds: readonly Round[]): readonly Round[] => rounds.filter((_, index) => isQuiet(index));
  return { ours: quiet(ours), floor: quiet(floor), quiet: true };
}

function judgeDrill(
  { what, drill, limit, unit = '', isLeast = false }: (typeof DRILLED)[number],
  drills: readonly Drill[],
): Verdict {
  const result = drills.find(({ name }) => name === drill);
  if (isLeast && result !== undefined) {
    const measured = `${result.value}${unit} (${result.detail})`;
    return { what, target: `≥ ${limit}${unit}`, measured, met: result.value >= limit };
  }
  if (isLeast) return { what, target: `≥ ${limit}${unit}`, measured: 'not measured', met: null };
  return atMost(what, result?.value, limit, unit, result?.detail);
}

function atMost(what: string, value: number | undefined, limit: number, unit: string, detail?: string): Verdict {
  const target = `≤ ${limit}${unit}`;
  if (value === undefined) return { what, target, measured: 'not measured', met: null };
  const shown = `${Math.round(value * 100) / 100}${unit}`;
  return { what, target, measured: detail === undefined ? shown : `${shown} (${detail})`, met: value <= limit };
}
