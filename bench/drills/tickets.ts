/** One-time sessions on Redis beside plain commands with the same bytes: how many a process makes and uses, and how soon. */
import { join } from 'node:path';
import { median, ratio } from '../report/statistics.ts';
import type { Drill } from '../results.ts';
import { runPinned } from '../run/pinned.ts';
import { SERVER_CORE } from '../run/rounds.ts';
import type { DrillOptions } from './drill.ts';
import type { TicketFact } from './ticket-load.ts';

const STEPS = [
  { step: 'make', plain: 'SET' },
  { step: 'use', plain: 'GETDEL' },
] as const;

export async function drillTickets({ root, backends, quick, rounds }: DrillOptions): Promise<readonly Drill[]> {
  const output = await runPinned(SERVER_CORE, process.execPath, [
    '-C',
    'holdfast-source',
    join(root, 'bench/drills/ticket-load.ts'),
    backends.redis?.url ?? '',
    quick ? '10000' : '50000',
    String(rounds),
  ]);
  const facts = new Map<string, number[]>();
  for (const line of output.split('\n').filter((each) => each.startsWith('{'))) {
    const { name, value } = JSON.parse(line) as TicketFact;
    facts.set(name, [...(facts.get(name) ?? []), value]);
  }
  const all = (name: string): readonly number[] => facts.get(name) ?? [];
  const cost = (name: string): string => `${median(all(`${name} µs`))} + ${median(all(`${name} µs of Redis`))} µs`;
  return STEPS.flatMap(({ step, plain }) => [
    {
      name: `ticket-${step}`,
      value: twoPlaces(ratio(all(`library ${step}`), all(`plain ${step}`))),
      detail:
        `${median(all(`library ${step}`))} ÷ ${median(all(`plain ${step}`))} per second beside ${plain}, ` +
        `${median(all(`store ${step}`))} without ids and their hashes; processor time of the process and of Redis: ` +
        `${cost(`library ${step}`)}, ${cost(`plain ${step}`)}, ${cost(`store ${step}`)}`,
    },
    {
      name: `ticket-${step}-p99`,
      value: twoPlaces(
        median(all(`library ${step} p99`).map((p99, turn) => p99 - (all(`trip beside ${step} p99`)[turn] ?? 0))) / 1000,
      ),
      detail: `${median(all(`library ${step} p99`))} − ${median(all(`trip beside ${step} p99`))} µs at 2,000 per second`,
    },
  ]);
}

function twoPlaces(value: number): number {
  return Math.round(value * 100) / 100;
}
