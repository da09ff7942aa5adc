/** Who may import whom, as data. ARCHITECTURE.md shows the same table to people. */

/** What one layer may import. */
export interface Layer {
  /** Layers of the same package. Its own folder is always allowed. */
  readonly layers: readonly string[];
  /** Packages by name, ours and others'; `*` allows every package that is not ours. */
  readonly packages: readonly string[];
  /** Whether the layer runs on Node alone, and so may use `node:` modules. */
  readonly node: boolean;
}

/** Public entries of the library, as a stranger would import them. */
const LIBRARY = [
  'holdfast',
  'holdfast/protocol',
  'holdfast/http',
  'holdfast/http/fetch',
  'holdfast/http/node',
  'holdfast/stores/memory',
  'holdfast/stores/sqlite',
  'holdfast/stores/redis',
  'holdfast/stores/postgres',
  'holdfast/stores/layered',
  'holdfast/client',
  'holdfast/client/react',
  'holdfast/client/returning',
  'holdfast/client/ssr',
  'holdfast/edge',
  'holdfast/edge/node',
  'holdfast/tickets',
  'holdfast/transfer',
  'holdfast/testing',
];

/**
 * Folder (or file) → what its sources may import. The longest matching path decides. A source file under none of them
 * is a problem, so that a new folder has to be thought about.
 */
export const LAYERS: Readonly<Record<string, Layer>> = {
  'packages/holdfast/src/protocol': { layers: [], packages: [], node: false },
  'packages/holdfast/src/core': { layers: ['protocol'], packages: [], node: false },
  'packages/holdfast/src/runtime': { layers: ['core', 'protocol'], packages: [], node: true },
  // The clients of the backends are optional peers, loaded when such a store is opened.
  'packages/holdfast/src/stores': { layers: ['core', 'protocol'], packages: ['redis', 'pg'], node: true },
  'packages/holdfast/src/tickets': { layers: ['core', 'protocol', 'runtime'], packages: [], node: true },
  'packages/holdfast/src/transfer': { layers: ['core', 'protocol'], packages: [], node: true },
  'packages/holdfast/src/http': { layers: ['core', 'protocol'], packages: [], node: true },
  'packages/holdfast/src/client': { layers: ['protocol'], packages: [], node: false },
  'packages/holdfast/src/client/react.ts': { layers: ['client', 'protocol'], packages: ['react'], node: false },
  'packages/holdfast/src/edge': { layers: ['core', 'protocol'], packages: [], node: false },
  'packages/holdfast/src/edge/node.ts': { layers: ['edge', 'node', 'core', 'protocol'], packages: [], node: true },
  'packages/holdfast/src/edge/node': { layers: ['edge', 'core', 'protocol'], packages: [], node: true },
  // The suite generates its data with fast-check, an optional peer that it loads when it runs.
  'packages/holdfast/src/testing': { layers: ['core', 'protocol'], packages: ['fast-check'], node: true },
  'packages/holdfast/src/index.ts': { layers: ['core', 'protocol', 'runtime'], packages: [], node: true },
  'packages/server/src': { layers: [], packages: ['*', ...LIBRARY], node: true },
  'packages/console/src': {
    layers: [],
    packages: ['*', 'holdfast/client', 'holdfast/client/react', 'holdfast/client/returning'],
    node: false,
  },
  'packages/console/vite.config.ts': { layers: [], packages: ['*'], node: true },
  // The servers that tests, drills and benchmarks start.
  'test/services': { layers: [], packages: [], node: true },
  examples: { layers: [], packages: [...LIBRARY], node: true },
  'examples/react-vite': { layers: [], packages: ['*', ...LIBRARY], node: true },
  'examples/server-rendered': { layers: [], packages: ['*', ...LIBRARY], node: true },
  'examples/vue': { layers: [], packages: ['*', ...LIBRARY], node: true },
  deploy: { layers: [], packages: [...LIBRARY], node: false },
  survival: { layers: ['services'], packages: ['*', ...LIBRARY], node: true },
  bench: { layers: ['services'], packages: ['*', ...LIBRARY], node: true },
};
