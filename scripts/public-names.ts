/** What each public entry of the library exports, read from its source: names, kinds and the first words on each. */
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { read } from './source-files.ts';

/** One exported name. */
export interface PublicName {
  readonly name: string;
  readonly kind: 'class' | 'const' | 'function' | 'interface' | 'type';
  /** The file that declares it, relative to the repository. */
  readonly file: string;
  /** First sentence of its doc comment; null when it has none. */
  readonly says: string | null;
}

/** One public entry, such as `holdfast/http`. */
export interface Entry {
  readonly name: string;
  /** Its source, relative to the repository. */
  readonly source: string;
  readonly names: readonly PublicName[];
}

/** The library's folder in the repository. */
export const LIBRARY = 'packages/holdfast';

/** The `exports` of the library's package.json: subpath → condition → file. */
export function exportsField(root: string): Record<string, Record<string, string>> {
  return JSON.parse(read(root, `${LIBRARY}/package.json`)).exports;
}

/** Every entry of the library whose source exists. */
export function entries(root: string): Entry[] {
  const found: Entry[] = [];
  for (const [subpath, conditions] of Object.entries(exportsField(root))) {
    const source = posix.join(LIBRARY, conditions['holdfast-source'] ?? '');
    if (!/\.ts$/.test(source) || !existsSync(posix.join(root, source))) continue;
    const names = exportedNames(root, source).sort((a, b) => (a.name < b.name ? -1 : 1));
    found.push({ name: posix.join('holdfast', subpath), source, names });
  }
  return found;
}

const LISTED = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?/gm;
const DECLARED =
  /^export (?:declare )?(?:async )?(?:abstract )?(class|const|function\*?|interface|type) ([A-Za-z_$][\w$]*)/gm;

/** The names that one module exports: declared in it or passed on by name. `export *` is refused. */
export function exportedNames(root: string, file: string): PublicName[] {
  const text = read(root, file);
  if (/^export \*/m.test(text)) throw new Error(`${file}: export * hides what is public; name the exports`);
  const found = [...text.matchAll(DECLARED)].map((match) => declared(text, file, match));
  for (const match of text.matchAll(LISTED)) {
    const origin = match[2] === undefined ? file : posix.join(posix.dirname(file), match[2]);
    for (const item of (match[1] as string).split(',')) {
      const [, original, alias] = /^\s*(?:type\s+)?([\w$]+)(?:\s+as\s+([\w$]+))?\s*$/.exec(uncommented(item)) ?? [];
      if (original !== undefined) found.push(passedOn(root, file, origin, original, alias ?? original));
    }
  }
  // An overloaded function is declared several times; its first declaration carries the comment.
  return found.filter((name, index) => found.findIndex((other) => other.name === name.name) === index);
}

function uncommented(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}

function declared(text: string, file: string, match: RegExpMatchArray): PublicName {
  const kind = (match[1] as string).replace('*', '') as PublicName['kind'];
  return { name: match[2] as string, kind, file, says: commentBefore(text, match.index as number) };
}

function passedOn(root: string, file: string, origin: string, original: string, alias: string): PublicName {
  const declaredHere =
    origin === file
      ? [...read(root, file).matchAll(new RegExp(`^(class|const|function|interface|type) (${original})\\b`, 'gm'))].map(
          (match) => declared(read(root, file), file, match),
        )
      : exportedNames(root, origin);
  const found = declaredHere.find((name) => name.name === original);
  if (found === undefined) throw new Error(`${file} exports ${original}, which ${origin} does not`);
  return { ...found, name: alias };
}

/** The first sentence of the doc comment that ends right above the declaration. */
function commentBefore(text: string, index: number): string | null {
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(text.slice(0, index));
  if (comment === null) return null;
  // A comment that opens the file and is not about its first declaration stands before the imports, so never here.
  const words = (comment[1] as string)
    .replaceAll(/^\s*\* ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const plain = words.replaceAll(/\{@link ([^}|]+)\}/g, '`$1`');
  return /^.*?[.!?](?= |$)/.exec(plain)?.[0] ?? plain;
}
