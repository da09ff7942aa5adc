/** The repository's own files and what its sources import: what every check starts from. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.cache', 'data', 'coverage']);

/** Paths below `folder`, relative to `root` with forward slashes, whose names end in one of `endings`; sorted. */
export function filesBelow(root: string, folder: string, endings: readonly string[]): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (NOT_OURS.has(entry.name)) continue;
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child);
      else if (endings.some((ending) => entry.name.endsWith(ending)))
        found.push(relative(root, child).replaceAll('\\', '/'));
    }
  };
  visit(join(root, folder));
  return found.sort();
}

/** One import of a source file, type-only ones included: they are dependencies of the reader all the same. */
export interface Import {
  readonly specifier: string;
  /** Counted from 1. */
  readonly line: number;
}

// The formatter puts every import and re-export at the start of a line, and comments never start there with these words.
const STATIC = /^(?:import|export)\b[^;'"`]*?\bfrom\s*['"]([^'"\n]+)['"]|^import\s*['"]([^'"\n]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g;
const COMMENT_LINE = /^\s*(?:\/\/|\/?\*)/;

/** What a source text imports, in order of appearance. */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const pattern of [STATIC, DYNAMIC]) {
    for (const match of text.matchAll(pattern)) {
      const before = text.slice(0, match.index);
      const lineStart = before.lastIndexOf('\n') + 1;
      if (COMMENT_LINE.test(text.slice(lineStart))) continue;
      found.push({ specifier: (match[1] ?? match[2]) as string, line: before.split('\n').length });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** The text of a repository file. */
export function read(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
