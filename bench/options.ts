/** What `npm run bench --` understands. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly quick: boolean;
  readonly writeDocs: boolean;
  /** Only rewrite the page from the stored results. */
  readonly docsOnly: boolean;
  readonly help: boolean;
  /** Names of systems; empty for all. */
  readonly only: readonly string[];
  readonly rounds: number | null;
  readonly drills: boolean;
  readonly bytes: boolean;
  readonly list: boolean;
}

export const HELP = `npm run bench                    everything, about a quarter of an hour on a quiet machine with two cores
npm run bench -- --quick         floors and ours in two minutes; nothing is installed for it but wrk
npm run bench -- --write-docs    writes the results into docs/performance.md as well
npm run bench -- --docs-only     rewrites the page from bench/results/latest.json and measures nothing
npm run bench -- --only a,b      only these systems; --list shows their names
npm run bench -- --rounds 3      so many rounds
npm run bench -- --no-drills     without the single targets
npm run bench -- --no-bytes      without bytes per session
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
      rounds: { type: 'string' },
      'no-drills': { type: 'boolean', default: false },
      'no-bytes': { type: 'boolean', default: false },
    },
  });
  const rounds = values.rounds === undefined ? null : Number(values.rounds);
  if (rounds !== null && !(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds: a whole number above 0');
  return {
    quick: values.quick,
    writeDocs: values['write-docs'],
    docsOnly: values['docs-only'],
    help: values.help,
    list: values.list,
    only: values.only === '' ? [] : values.only.split(','),
    rounds,
    drills: !values['no-drills'],
    bytes: !values['no-bytes'],
  };
}
