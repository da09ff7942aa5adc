/** What was promised, what was measured, and whether the one is the other. */
import type { Results, Round, SystemResult } from '../results.ts';
import { median, ratio } from './statistics.ts';

/** One line of the table of targets. */
export interface Verdict {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  /** Null: this run did not measure it. */
  readonly met: boolean | null;
}

/** The targets of the embedded setup: one host, SQLite. */
export function judge(results: Results): readonly Verdict[] {
  const { systems, drills } = results;
  const find = (name: string): SystemResult | undefined => systems.find((system) => system.name === name);
  const drill = (name: string) => drills.find((each) => each.name === name);
  const service = find('service-sqlite');
  const writes = drill('writes-per-window');
  const hashing = drill('hashing');
  const processes = drill('two-processes');
  return [
    faster('library `resolve` on SQLite ÷ raw node:http', find('library-sqlite'), find('raw-http'), 0.5),
    faster('service validate on SQLite ÷ Fastify JSON', service, find('fastify'), 0.5),
    atMost('store writes for a session read continuously, per refresh window', writes?.value, 1, '', writes?.detail),
    atMost('service ready after start', service && service.readyMs / 1000, 1.5, ' s'),
    atMost('service memory idle (resident)', service?.idleMiB, 130, ' MiB'),
    atMost('validate’s p99 while 100 sign-ins hash in parallel ÷ idle', hashing?.value, 1.5, '', hashing?.detail),
    atMost('CPU per request, two processes ÷ one on one store', processes?.value, 1.1, '', processes?.detail),
  ];
}

function faster(what: string, ours?: SystemResult, floor?: SystemResult, target = 0): Verdict {
  const wanted = `≥ ${target.toFixed(2)}`;
  if (ours === undefined || floor === undefined) return { what, target: wanted, measured: 'not measured', met: null };
  const rates = (rounds: readonly Round[]): number[] => rounds.map((round) => round.requestsPerSecond);
  const value = ratio(rates(ours.rounds), rates(floor.rounds));
  const cost = ratio(
    floor.rounds.map((round) => round.cpuMicroseconds),
    ours.rounds.map((round) => round.cpuMicroseconds),
  );
  const [high, low] = [median(rates(ours.rounds)), median(rates(floor.rounds))].map((rate) => Math.round(rate));
  const measured = `${value.toFixed(2)} (${high} ÷ ${low} req/s; by CPU time per request ${cost.toFixed(2)})`;
  return { what, target: wanted, measured, met: value >= target };
}

function atMost(what: string, value: number | undefined, limit: number, unit: string, detail?: string): Verdict {
  const target = `≤ ${limit}${unit}`;
  if (value === undefined) return { what, target, measured: 'not measured', met: null };
  const shown = `${Math.round(value * 100) / 100}${unit}`;
  return { what, target, measured: detail === undefined ? shown : `${shown} (${detail})`, met: value <= limit };
}
