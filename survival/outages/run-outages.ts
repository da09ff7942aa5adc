/** `npm run survival -- --outages`: runs outage drills one after the other and writes their figures. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lostSome, type Outcome, survived } from '../run/outcome.ts';
import { showProgress } from '../run/progress.ts';
import { REPOSITORY } from '../systems/repository.ts';
import type { OutageDrill } from './drill.ts';
import { OUTAGE_DRILLS } from './drills/index.ts';
import { toOutageTables } from './markdown.ts';
import { keepRun, readOutageReport } from './report.ts';
import { type OutageResult, runOutage } from './run-outage.ts';

const RESULTS = join(REPOSITORY, 'survival', 'results');
const PAGE = join(REPOSITORY, 'docs', 'outages.md');
const BEGIN = '<!-- begin: written by npm run survival -- --outages --write-docs -->';
const END = '<!-- end -->';
/** How many steps a drill tells of. */
const STEPS = 5;

/** Their ids, for the help. */
export const OUTAGE_IDS: readonly string[] = OUTAGE_DRILLS.map(({ id }) => id);

/** Runs those whose ids begin with one of the words (all without any); answers the exit status. */
export async function runOutages(words: string | undefined, quick: boolean): Promise<number> {
  const wanted = words?.split(',').map((word) => word.trim());
  const drills = OUTAGE_DRILLS.filter(
    ({ id }) => wanted === undefined || wanted.some((word) => word !== '' && id.startsWith(word)),
  );
  if (drills.length === 0) {
    process.stdout.write(`No outage drill of that name; there are: ${OUTAGE_IDS.join(', ')}\n`);
    return 64;
  }
  const progress = showProgress(drills.length, process.stdout);
  // Apart from the figures of full runs.
  const path = join(RESULTS, quick ? 'quick.outages.json' : 'outages.json');
  let bad = 0;
  for (const drill of drills) {
    const startedAt = performance.now();
    let step = 0;
    progress.begin('outage', drill.title);
    const outcome = await run(drill, quick, path, () => progress.step(++step, STEPS));
    progress.end(outcome, performance.now() - startedAt);
    if (outcome.result !== 'survived') bad += 1;
  }
  return bad === 0 ? 0 : 1;
}

async function run(drill: OutageDrill, short: boolean, path: string, onStep: () => void): Promise<Outcome> {
  try {
    const result = await runOutage(drill, { short, onStep });
    keepRun(path, result, OUTAGE_DRILLS);
    return result.problems.length === 0
      ? survived(inWords(result))
      : lostSome(result.problems.length, result.requests, result.problems.join('; '));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    keepRun(path, { drill: drill.id, ranAt: new Date().toISOString(), why }, OUTAGE_DRILLS);
    return { result: 'failed', why };
  }
}

function inWords({ requests, answers, figures, counts }: OutageResult): string {
  const back = figures.firstServedMs === null ? 'never' : `${(figures.firstServedMs / 1000).toFixed(1)} s`;
  const losses = `${counts.signOuts} signed out, ${counts.resurrections} came back, ${counts.lostData} values lost`;
  return `${requests} requests, ${answers.unreachable} × 503, served again after ${back}; ${losses}`;
}

/** Writes the tables of all full runs into the page. */
export function writeOutagePage(): number {
  const report = readOutageReport(join(RESULTS, 'outages.json'));
  if (report === null) {
    process.stdout.write('There is no full run yet: npm run survival -- --outages\n');
    return 1;
  }
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`${PAGE} has no place for the tables`);
  writeFileSync(PAGE, `${page.slice(0, before)}${BEGIN}\n\n${toOutageTables(report)}\n\n${page.slice(after)}`);
  process.stdout.write(`written: ${PAGE}\n`);
  return 0;
}
