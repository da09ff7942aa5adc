/** Proves the import table: layers, public entries between packages, no Node in portable code, no cycles between files. */
import { existsSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAYERS, type Layer } from './import-rules.ts';
import { report } from './report.ts';
import { filesBelow, importsOf, read } from './source-files.ts';

const ENDINGS = ['.ts', '.tsx'];
/** Programs outside the packages, which know these as a stranger would. */
const STRANGERS = ['examples', 'deploy', 'survival', 'bench'];

/** The layer that a file belongs to, by the longest matching path. */
function layerOf(path: string, layers: Readonly<Record<string, Layer>>): string | null {
  const matching = Object.keys(layers).filter((layer) => path === layer || path.startsWith(`${layer}/`));
  return matching.sort((a, b) => b.length - a.length)[0] ?? null;
}

function packageOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

/** Every breach of the rules in the sources below `root`, as sentences that name file and line. */
export function importProblems(root: string, layers: Readonly<Record<string, Layer>> = LAYERS): string[] {
  const problems: string[] = [];
  const edges = new Map<string, string[]>();
  for (const path of sourceFiles(root)) {
    const name = layerOf(path, layers);
    if (name === null) {
      problems.push(`${path}: no rule says what this folder may import; add it to scripts/import-rules.ts`);
      continue;
    }
    const layer = layers[name] as Layer;
    const targets: string[] = [];
    for (const { specifier, line } of importsOf(read(root, path))) {
      const relative = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null;
      if (relative !== null) targets.push(relative);
      const problem =
        relative === null ? packageProblem(specifier, layer) : relativeProblem(root, path, relative, name, layers);
      if (problem !== null) problems.push(`${path}:${line}: ${problem}`);
    }
    edges.set(path, targets);
  }
  for (const cycle of cycles(edges)) problems.push(`cycle: ${cycle.join(' → ')}`);
  return problems;
}

function sourceFiles(root: string): string[] {
  const folders = filesBelow(root, 'packages', ENDINGS).filter(
    (path) => /^packages\/[^/]+\/src\//.test(path) || /^packages\/[^/]+\/[^/]+\.ts$/.test(path),
  );
  const strangers = STRANGERS.filter((folder) => existsSync(join(root, folder)));
  return [...folders, ...strangers.flatMap((folder) => filesBelow(root, folder, ENDINGS))];
}

function packageProblem(specifier: string, layer: Layer): string | null {
  if (specifier.startsWith('node:')) {
    return layer.node ? null : `imports ${specifier}, but this code runs outside Node as well`;
  }
  const ours = /^holdfast(?:-[a-z]+)?(?:\/|$)/.test(specifier);
  if (layer.packages.includes(specifier) || (!ours && layer.packages.includes('*'))) return null;
  return `must not import ${specifier}`;
}

function relativeProblem(
  root: string,
  path: string,
  target: string,
  name: string,
  layers: Readonly<Record<string, Layer>>,
): string | null {
  if (!existsSync(join(root, target))) return `imports ${target}, which does not exist`;
  if (path.startsWith('packages/') && packageOf(path) !== packageOf(target)) {
    return `reaches into ${target}; other packages are imported by their public entries`;
  }
  const other = layerOf(target, layers);
  // What belongs to no layer is not source (a style sheet, package.json), or has been reported by itself.
  if (other === null || other === name) return null;
  const short = other.split('/').at(-1) as string;
  return (layers[name] as Layer).layers.includes(short) ? null : `must not import from ${other}`;
}

/** Every cycle once, as the path that leads back to its beginning. */
function cycles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (file: string): void => {
    const at = trail.indexOf(file);
    if (at >= 0) {
      found.push([...trail.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    trail.push(file);
    for (const next of edges.get(file) ?? []) visit(next);
    trail.pop();
    done.add(file);
  };
  for (const file of edges.keys()) visit(file);
  return found;
}

if (import.meta.main) {
  report('imports', importProblems(dirname(dirname(fileURLToPath(import.meta.url)))));
}
