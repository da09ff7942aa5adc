/** Puts the tables of the stored results into docs/performance.md, between the marks that name them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from '../results.ts';
import { bytesTable, circumstances, profileTables, systemsTable, targetsTable } from './markdown.ts';

export const RESULTS_FILE = 'bench/results/latest.json';
export const PICTURE_FILE = 'bench/results/latest.svg';
export const PAGE = 'docs/performance.md';

const PARTS: Readonly<Record<string, (results: Results) => string>> = {
  circumstances,
  targets: targetsTable,
  systems: systemsTable,
  bytes: bytesTable,
  profiles: profileTables,
};

/** The page as it should be. Throws when a mark is missing, which would leave a stale table unseen. */
export function pageWith(page: string, results: Results): string {
  let text = page;
  for (const [name, make] of Object.entries(PARTS)) {
    const [from, to] = [`<!-- ${name}: written by npm run bench -- --write-docs -->`, `<!-- end of ${name} -->`];
    const start = text.indexOf(from);
    const end = text.indexOf(to);
    if (start < 0 || end < start) throw new Error(`${PAGE} lacks the marks around ${name}`);
    text = `${text.slice(0, start + from.length)}\n${make(results)}\n${text.slice(end)}`;
  }
  return text;
}

/** The stored results. */
export function readResults(root: string): Results {
  return JSON.parse(readFileSync(join(root, RESULTS_FILE), 'utf8')) as Results;
}
