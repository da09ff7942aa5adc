/** `npm run bench`: measures floors, peers and ours in one run, in turns, and writes what came of it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DRILLS } from './drills/index.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { PAGE, PICTURE_FILE, pageWith, RESULTS_FILE, readResults } from './report/docs.ts';
import { bytesTable, circumstances, profileTables, systemsTable, targetsTable } from './report/markdown.ts';
import { drawSvg } from './report/svg.ts';
import type { Results } from './results.ts';
import { MissingToolError } from './run/tools.ts';
import { ROOT, runBench } from './run/whole-run.ts';
import { SYSTEMS } from './systems.ts';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A part of a run, or a quick one, must not take the place of the whole that the page shows. */
function store(results: Results, { quick, only, drillsOnly }: Options): void {
  const name = only.length > 0 || drillsOnly !== null ? 'partial' : quick ? 'quick' : 'latest';
  const file = RESULTS_FILE.replace('latest', name);
  mkdirSync(join(ROOT, dirname(file)), { recursive: true });
  writeFileSync(join(ROOT, file), `${JSON.stringify(results, null, 2)}\n`);
  say(`\nwritten: ${file}`);
  if (results.systems.length > 0) draw(results, name);
}

function draw(results: Results, name: string): void {
  const file = PICTURE_FILE.replace('latest', name);
  writeFileSync(join(ROOT, file), drawSvg(results));
  say(`written: ${file}`);
}

function writePage(results: Results): void {
  const file = join(ROOT, PAGE);
  writeFileSync(file, pageWith(readFileSync(file, 'utf8'), results));
  say(`written: ${PAGE}`);
}

function list(): void {
  for (const { name, title } of SYSTEMS) say(`${name.padEnd(26)} ${title}`);
  say(`\nDrills: ${DRILLS.map(({ name }) => name).join(', ')}`);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) say(HELP);
  else if (options.list) list();
  else if (options.docsOnly) {
    const results = readResults(ROOT);
    draw(results, 'latest');
    writePage(results);
  } else {
    const results = await runBench(options, say);
    say(`\n${circumstances(results)}\n\n${targetsTable(results)}`);
    if (results.systems.length > 0) say(`\n${systemsTable(results)}`);
    if (results.bytes.length > 0) say(`\n${bytesTable(results)}`);
    if (results.profiles !== undefined && results.profiles.length > 0) say(`\n${profileTables(results)}`);
    store(results, options);
    if (options.writeDocs) writePage(results);
  }
} catch (error) {
  if (!(error instanceof MissingToolError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
}
