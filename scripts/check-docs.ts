/** Proves that the documents tell the truth: links lead somewhere, commands exist, code compiles, references are current. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { anchors, fences, links } from './markdown.ts';
import { type Pages, referencePages } from './reference-pages.ts';
import { report } from './report.ts';
import { filesBelow, read } from './source-files.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Links to files or headings that are not there. */
export function linkProblems(root: string, pages: readonly string[]): string[] {
  const problems: string[] = [];
  for (const page of pages) {
    for (const { path, anchor, line } of links(read(root, page))) {
      const target = path === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(path));
      if (!existsSync(join(root, target))) problems.push(`${page}:${line}: ${target} does not exist`);
      else if (anchor !== null && target.endsWith('.md') && !anchors(read(root, target)).has(anchor)) {
        problems.push(`${page}:${line}: ${target} has no heading #${anchor}`);
      }
    }
  }
  return problems;
}

/** npm commands that a page names and package.json does not have. */
export function commandProblems(root: string, pages: readonly string[]): string[] {
  const known = new Set(Object.keys(JSON.parse(read(root, 'package.json')).scripts ?? {}));
  const problems: string[] = [];
  for (const page of pages) {
    const text = read(root, page);
    for (const match of text.matchAll(/\bnpm (?:run (?:--?[\w-]+ )*([\w:]+[\w:-]*)|(start|test)\b)/g)) {
      const name = (match[1] ?? match[2]) as string;
      const line = text.slice(0, match.index).split('\n').length;
      if (!known.has(name)) problems.push(`${page}:${line}: package.json has no script ${name}`);
    }
  }
  return problems;
}

/** Commands and options of `holdfast` that a page shows and the command does not have. `source` is where it defines them. */
export function holdfastProblems(root: string, pages: readonly string[], source: string): string[] {
  const definitions = read(root, source);
  const commands = new Set([...definitions.matchAll(/\.command\('([\w-]+)/g)].map((match) => match[1]));
  const options = new Set(
    [...definitions.matchAll(/'(?:-\w, )?(--[\w-]+)/g)].map((match) => match[1]).concat('--help'),
  );
  const problems: string[] = [];
  for (const page of pages) {
    const text = read(root, page);
    // At the start of a line or of inline code, or behind `npm run holdfast --`: elsewhere the word is a name.
    for (const match of text.matchAll(/(?:(?:^|`)holdfast|\bholdfast --) ([^`#)\\\n]+)/gm)) {
      const line = text.slice(0, match.index).split('\n').length;
      const words = (match[1] as string).trim().split(/\s+/);
      const firstOption = words.findIndex((word) => word.startsWith('-'));
      for (const word of firstOption < 0 ? words : words.slice(0, firstOption)) {
        if (!commands.has(word)) problems.push(`${page}:${line}: there is no command holdfast ${word}`);
      }
      for (const word of words) {
        if (word.startsWith('--') && !options.has(word))
          problems.push(`${page}:${line}: no command has the option ${word}`);
      }
    }
  }
  return problems;
}

/** Reference pages that are not what the sources say now. */
export function referenceProblems(root: string, wanted: Pages): string[] {
  const stale = [...wanted].filter(([path, text]) => !existsSync(join(root, path)) || read(root, path) !== text);
  return stale.map(([path]) => `${path}: not what the sources say; run: npm run docs`);
}

/** Type errors in the TypeScript that pages show; only blocks that import something of ours are whole programs. */
export function codeProblems(root: string, pages: readonly string[]): string[] {
  // Inside the repository, so that the code finds the library the way a program next to it would.
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache', 'code-in-docs-'));
  const places = new Map<string, string>();
  for (const page of pages) {
    for (const { language, code, line } of fences(read(root, page))) {
      if (language !== 'ts' || !/from 'holdfast/.test(code)) continue;
      const name = `block-${places.size + 1}.ts`;
      places.set(name, `${page}:${line}`);
      writeFileSync(join(folder, name), code);
    }
  }
  const options = { noUnusedLocals: false, noUnusedParameters: false, rootDir: '../..' };
  const config = { extends: '../../tsconfig.json', compilerOptions: options, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  // Without any block there is nothing to compile, which the compiler would call an error.
  const { stdout } =
    places.size === 0
      ? { stdout: '' }
      : spawnSync(process.execPath, [tsc, '--pretty', 'false', '-p', folder], {
          cwd: folder,
          encoding: 'utf8',
        });
  rmSync(folder, { recursive: true, force: true });
  // Errors in the sources are another step's business; an indented line belongs to the one before.
  let ours = false;
  return stdout.split('\n').flatMap((line) => {
    const [, name, rest] = /^(block-\d+\.ts)(.*)/.exec(line) ?? [];
    if (!line.startsWith(' ')) ours = name !== undefined;
    if (!ours) return [];
    return [name === undefined ? line : `${places.get(name)}: in its code${rest}`];
  });
}

if (import.meta.main) {
  const pages = filesBelow(ROOT, '.', ['.md']);
  report('docs', [
    ...linkProblems(ROOT, pages),
    ...commandProblems(ROOT, pages),
    ...holdfastProblems(ROOT, pages, 'packages/server/src/cli/main.ts'),
    ...referenceProblems(ROOT, await referencePages(ROOT)),
    ...codeProblems(ROOT, pages),
  ]);
}
