/** What `npm run bench --` understands. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly quick: boolean;
  readonly writeDocs: boolean;
  /** Only rewrite the page and the picture from the stored results. */
  readonly docsOnly: boolean;
  readonly help: boolean;
  /** Names of systems; empty for all. */
  readonly only: readonly string[];
  /** Names of drills that are run alone, without systems; null for the usual run. */
  readonly drillsOnly: readonly string[] | null;
  readonly rounds: number | null;
  readonly drills: boolean;
  readonly bytes: boolean;
  /** Whether missed targets are explained by profiles. */
  readonly profiles: boolean;
  readonly list: boolean;
}

export const HELP = `npm run bench                    everything, the better part of an hour on a quiet machine with two cores
npm run bench -- --quick         floors and ours in a few minutes, without other libraries
npm run bench -- --write-docs    writes the results into docs/performance.md as well
npm run bench -- --docs-only     rewrites the page from bench/results/latest.json and measures nothing
npm run bench -- --only a,b      only these systems; --list shows their names
npm run bench -- --drills a,b    only these drills, and no systems
npm run bench -- --rounds 3      so many rounds
npm run bench -- --no-drills     without the single targets
npm run bench -- --no-bytes      without bytes per session
npm run bench -- --profiles      profiles of missed targets in a quick run as well; --no-profiles: never
`;

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      'docs-only': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      drills: { type: 'string' },
      rounds: { type: 'string' },
      'no-drills': { type: 'boolean', default: false },
      'no-bytes': { type: 'boolean', default: false },
      profiles: { type: 'boolean', default: false },
      'no-profiles': { type: 'boolean', default: false },
    },
  });
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (rounds !== null && !(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds: a whole number above 0');
  const drillsOnly = values.drills === undefined ? null : values.drills.split(',');
  return {
    quick: values.quick,
    writeDocs: values['write-docs'],
    docsOnly: values['docs-only'],
    help: values.help,
    list: values.list,
    only: values.only === '' ? [] : values.only.split(','),
    drillsOnly,
    rounds,
    drills: !values['no-drills'],
    bytes: !values['no-bytes'] && drillsOnly === null,
    profiles: (values.profiles || !values.quick) && !values['no-profiles'] && drillsOnly === null,
  };
}
