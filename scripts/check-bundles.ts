/** Proves that what browsers and edges load stays small, and that nothing of the server is inside. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { report } from './report.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = 'packages/holdfast/src';

/** What one bundle may be. */
export interface Budget {
  readonly name: string;
  /** Sources of the entries, below the library's. */
  readonly entries: readonly string[];
  /** Most bytes, minified and compressed by gzip. */
  readonly bytes: number;
  /** Name of a budget whose size is taken off first: what everybody who loads this has anyway. */
  readonly besides?: string;
  /** Packages that the application brings. */
  readonly external?: readonly (string | RegExp)[];
  /** Folders of the library that may be inside. */
  readonly folders: readonly string[];
  /** Words that must not be inside, beyond those of {@link SERVER_WORDS}. */
  readonly without?: readonly RegExp[];
}

/** What only servers say: modules of Node, its globals, statements to a database. */
const SERVER_WORDS: readonly RegExp[] = [/\bnode:/, /\brequire\(/, /\bBuffer\b/, /\bprocess\./, /\bSELECT\b/];
/** What nothing in a browser has to do with. */
const SECRET_WORDS: readonly RegExp[] = [/secret/i, /refresh token/i, /\bHMAC\b/, /\bHKDF\b/];

export const BUDGETS: readonly Budget[] = [
  {
    name: 'holdfast/client',
    entries: ['client/index.ts'],
    bytes: 4000,
    folders: ['client', 'protocol'],
    without: SECRET_WORDS,
  },
  {
    name: 'holdfast/client/react',
    entries: ['client/index.ts', 'client/react.ts'],
    bytes: 2000,
    besides: 'holdfast/client',
    external: ['react'],
    folders: ['client', 'protocol'],
    without: SECRET_WORDS,
  },
  { name: 'holdfast/edge', entries: ['edge/index.ts'], bytes: 10_000, folders: ['edge', 'protocol', 'core'] },
];

/** One bundle as a browser would load it. */
export interface Bundle {
  readonly code: string;
  /** Minified and compressed. */
  readonly bytes: number;
  /** The library's files inside, relative to its sources. */
  readonly files: readonly string[];
}

/** Bundles several entries into one file that exports all of them. */
export async function bundle({ entries, external = [] }: Pick<Budget, 'entries' | 'external'>): Promise<Bundle> {
  const virtual = '\0entry';
  const lines = entries.map((entry) => `export * from ${JSON.stringify(join(ROOT, SOURCES, entry))};`);
  const built = await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === virtual ? id : null),
        load: (id) => (id === virtual ? lines.join('\n') : null),
      },
    ],
    build: {
      write: false,
      target: 'es2022',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: virtual, external: [...external], preserveEntrySignatures: 'strict' },
    },
  });
  const { output } = built as Rolldown.RolldownOutput;
  const chunks = output.filter((each) => each.type === 'chunk');
  const code = chunks.map((chunk) => chunk.code).join('\n');
  const prefix = join(ROOT, SOURCES, '/');
  const files = chunks
    .flatMap((chunk) => chunk.moduleIds)
    .filter((id) => id.startsWith(prefix))
    .map((id) => id.slice(prefix.length));
  return { code, bytes: gzipSync(code, { level: 9 }).length, files };
}

/** Everything that is too large or does not belong, as sentences; and the sizes for whoever looks. */
export async function bundleProblems(
  budgets: readonly Budget[] = BUDGETS,
): Promise<{ readonly problems: string[]; readonly sizes: ReadonlyMap<string, number> }> {
  const problems: string[] = [];
  const sizes = new Map<string, number>();
  for (const budget of budgets) {
    const { name, bytes: most, besides, folders, without = [] } = budget;
    const { code, bytes, files } = await bundle(budget);
    sizes.set(name, bytes);
    const own = bytes - (besides === undefined ? 0 : (sizes.get(besides) ?? 0));
    if (own > most) {
      const more = besides === undefined ? '' : ` more than ${besides}`;
      problems.push(`${name}: ${own} bytes${more}, minified and compressed; at most ${most} are allowed`);
    }
    for (const file of files) {
      const folder = file.slice(0, file.indexOf('/'));
      if (!folders.includes(folder)) problems.push(`${name}: holds ${file}, which belongs to servers`);
    }
    for (const word of [...SERVER_WORDS, ...without]) {
      const found = word.exec(code);
      if (found !== null) problems.push(`${name}: says ${JSON.stringify(found[0])}, which belongs to servers`);
    }
  }
  return { problems, sizes };
}

if (import.meta.main) {
  const { problems, sizes } = await bundleProblems();
  for (const [name, bytes] of sizes) process.stdout.write(`${name}: ${bytes} bytes, minified and compressed\n`);
  report('bundles', problems);
}
