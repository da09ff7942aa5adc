/** `npm run survival`: runs drills on systems, shows how it goes, and writes what came of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SystemKind } from './adapter.ts';
import type { Drill } from './drills/drill.ts';
import { DRILLS } from './drills/index.ts';
import { OUTAGE_IDS, runOutages, writeOutagePage } from './outages/run-outages.ts';
import { toHtml } from './report/html.ts';
import { toMarkdown } from './report/markdown.ts';
import { showProgress } from './run/progress.ts';
import { addResults, type Report, readReport } from './run/report.ts';
import { type Result, runDrill } from './run/run-drill.ts';
import { SYSTEMS } from './systems/index.ts';
import { REPOSITORY } from './systems/repository.ts';

const RESULTS = join(REPOSITORY, 'survival', 'results');
const PAGE = join(REPOSITORY, 'docs', 'survival.md');
const BEGIN = '<!-- begin: written by npm run survival -- --write-docs -->';
const END = '<!-- end -->';

const HELP = `npm run survival -- [options]

  --systems a,b   only systems whose ids begin with one of the words
                  (${SYSTEMS.map(({ id }) => id).join(', ')})
  --drills a,b    only these drills
                  (${DRILLS.map(({ id }) => id).join(', ')})
  --quick         fewer rounds and shorter outages; kept apart from full runs
  --write-docs    write the table of the last full run into docs/survival.md, and run nothing
  --outages       the drills that break Redis, PostgreSQL and the network under load instead, see docs/outages.md;
                  --drills then takes the beginnings of their ids
                  (${OUTAGE_IDS.join(', ')})
  --help          this text
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      systems: { type: 'string' },
      drills: { type: 'string' },
      quick: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
      outages: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(HELP, 0);
  if (values.outages) return values['write-docs'] ? writeOutagePage() : runOutages(values.drills, values.quick);
  if (values['write-docs']) return writeDocs();
  const systems = choose(SYSTEMS, values.systems, (id, word) => id.startsWith(word));
  const drills = choose(DRILLS, values.drills, (id, word) => id === word);
  if (systems.length === 0 || drills.length === 0) return say(`Nothing of that name.\n\n${HELP}`, 64);
  return run(systems, drills, values.quick);
}

async function run(systems: readonly SystemKind[], drills: readonly Drill[], quick: boolean): Promise<number> {
  const ready: SystemKind[] = [];
  for (const kind of systems) {
    const missing = await kind.prepare();
    if (missing === null) ready.push(kind);
    else process.stderr.write(`survival: ${kind.title} is left out: ${missing}.\n`);
  }
  const name = quick ? 'quick' : 'survival';
  const path = join(RESULTS, `${name}.json`);
  const progress = showProgress(ready.length * drills.length, process.stdout);
  let report: Report | null = null;
  let bad = 0;
  for (const kind of ready) {
    const results: Result[] = [];
    for (const drill of drills) {
      progress.begin(kind.title, drill.title);
      const result = await runDrill(drill, kind, { quick, onProgress: progress.step });
      progress.end(result.outcome, result.tookMs);
      results.push(result);
      const { result: came } = result.outcome;
      if (came === 'failed' || (kind.ours && came === 'lost')) bad += 1;
    }
    // After each system, so that a run that is broken off has shown something.
    report = addResults(path, { quick, kinds: [kind], drills: DRILLS, results, allKinds: SYSTEMS });
    writePages(name, report);
  }
  if (report === null) return say('No system could be tried.\n', 1);
  process.stdout.write(`\n${toMarkdown(report)}\n\nTo look at: ${join(RESULTS, `${name}.html`)}\n`);
  return bad === 0 ? 0 : 1;
}

function writePages(name: string, report: Report): void {
  writeFileSync(join(RESULTS, `${name}.md`), `# Survival drills\n\n${toMarkdown(report)}\n`);
  writeFileSync(join(RESULTS, `${name}.html`), toHtml(report));
}

/** All of them without words. */
function choose<T extends { readonly id: string }>(
  all: readonly T[],
  words: string | undefined,
  matches: (id: string, word: string) => boolean,
): readonly T[] {
  if (words === undefined) return all;
  const wanted = words.split(',').map((word) => word.trim());
  return all.filter(({ id }) => wanted.some((word) => word !== '' && matches(id, word)));
}

function writeDocs(): number {
  const report = readReport(join(RESULTS, 'survival.json'));
  if (report === null) return say('There is no full run yet: npm run survival\n', 1);
  writePages('survival', report);
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) return say(`${PAGE} has no place for the table.\n`, 1);
  writeFileSync(PAGE, `${page.slice(0, before)}${BEGIN}\n\n${toMarkdown(report)}\n${page.slice(after)}`);
  return say(`written: ${PAGE}\n`, 0);
}

function say(text: string, status: number): number {
  process.stdout.write(text);
  return status;
}

function isBadOption(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

try {
  process.exit(await main());
} catch (error) {
  if (!isBadOption(error)) throw error;
  process.exit(say(`${error.message}\n\n${HELP}`, 64));
}
