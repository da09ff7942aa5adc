/** The edge on each of its runtimes, started for real: what is promised of it is promised of all. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { build } from 'vite';
import { makeCertificate } from '../../../../../../test/services/certificate.ts';
import { makeTemporaryDirectory } from '../../../../../../test/services/temporary-directory.ts';
import { createEdge } from '../../../../src/edge/create-edge.ts';
import { edgeListener, nodeTransport, serveEdge } from '../../../../src/edge/node.ts';
import type { EdgeOptions } from '../../../../src/edge/options.ts';
import { type Browser, http1Browser, http2Browser } from './browser.ts';

/** What the tests set. */
export interface FrontSettings {
  readonly routes: EdgeOptions['routes'];
  /** Foreign pages that may call. */
  readonly origins?: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
}

export interface RunningFront {
  readonly origin: string;
  readonly browser: Browser;
  /** PEM of the authority to trust, where it speaks TLS. */
  readonly ca?: string;
}

/** One runtime and protocol; what it starts stops with the test. */
export interface Front {
  readonly name: string;
  /**
   * Whether the runtime ends a body of unknown length that broke off as if it were whole (workerd does, whatever the
   * Worker says: https://github.com/cloudflare/workerd/issues/6818). Bodies of known length break on every runtime.
   */
  readonly endsBrokenChunks: boolean;
  start(t: TestContext, settings: FrontSettings): Promise<RunningFront>;
}

export const nodeHttp1: Front = {
  name: 'HTTP/1.1 on Node',
  endsBrokenChunks: false,
  async start(t, { port = 0, ...settings }) {
    const served = await serveEdge(optionsOf(settings), { port, drainSeconds: 0 });
    t.after(() => served.close());
    const origin = `http://127.0.0.1:${served.port}`;
    return { origin, browser: http1Browser(origin) };
  },
};

/** Through `edgeListener` and a server of one's own, as `nodeHttp1` goes through `serveEdge`. */
export const nodeHttp2: Front = {
  name: 'HTTP/2 on Node',
  endsBrokenChunks: false,
  async start(t, { port = 0, ...settings }) {
    const certificate = await certificateFor(t);
    const transport = nodeTransport();
    const listener = edgeListener(createEdge({ ...optionsOf(settings), transport }));
    const server = createSecureServer({ ...certificate, allowHTTP1: true }, listener.request);
    server.on('upgrade', listener.upgrade).listen(port, '127.0.0.1');
    await once(server, 'listening');
    t.after(async () => {
      server.close();
      await transport.close();
    });
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { origin, browser: http2Browser(t, origin, certificate.cert), ca: certificate.cert };
  },
};

let bundle: Promise<string> | undefined;

/** The Worker of `deploy/worker`, in workerd. */
export const workerd: Front = {
  name: 'workerd',
  endsBrokenChunks: true,
  async start(t, { routes, origins = [], port = 0 }) {
    return startWorker(t, { ROUTES: routes, ALLOWED_ORIGINS: origins.join(',') }, port);
  },
};

/** With the given variables, whatever they are. */
export async function startWorker(t: TestContext, env: Record<string, unknown>, port = 0): Promise<RunningFront> {
  bundle ??= bundleWorker();
  const configuration = readFileSync(join('wrangler.jsonc'), 'utf8');
  const date = /"compatibility_date": "([\d-]+)"/.exec(configuration)?.[1] ?? '';
  const flags = /"compatibility_flags": (\[[^\]]*\])/.exec(configuration)?.[1] ?? '[]';
  const worker = new Miniflare({
    modules: true,
    script: await bundle,
    compatibilityDate: date,
    compatibilityFlags: JSON.parse(flags) as string[],
    bindings: env as Record<string, string>,
    // Straight into the Worker: what Miniflare has in front of it is not part of the platform.
    unsafeDirectSockets: [{ host: '127.0.0.1', port }],
    handleRuntimeStdio: (stdout: Readable, stderr: Readable) => {
      stdout.resume();
      stderr.resume();
    },
  });
  t.after(() => worker.dispose());
  await worker.ready;
  const { origin } = await worker.unsafeGetDirectURL();
  // Without the platform in front of it, workerd takes a connection that was merely closed for one that still listens.
  return { origin, browser: http1Browser(origin, 'reset') };
}

function join(path: string): string {
  return fileURLToPath(new URL(`../../../../../../deploy/worker/${path}`, import.meta.url));
}

async function bundleWorker(): Promise<string> {
  const result = await build({
    configFile: false,
    root: join(''),
    logLevel: 'error',
    resolve: { conditions: ['holdfast-source'] },
    build: {
      write: false,
      minify: false,
      target: 'es2024',
      lib: { entry: join('src/worker.ts'), formats: ['es'], fileName: 'worker' },
    },
  });
  const [first] = Array.isArray(result) ? result : [result];
  if (first === undefined || !('output' in first)) throw new Error('the worker was not built');
  return first.output[0].code;
}

function optionsOf({ routes, origins }: Omit<FrontSettings, 'port'>): EdgeOptions {
  return { routes, ...(origins === undefined ? {} : { cors: { origins } }) };
}

/** PEM texts of a certificate for loopback. */
export async function certificateFor(t: TestContext): Promise<{ readonly key: string; readonly cert: string }> {
  const directory = makeTemporaryDirectory('edge-certificate');
  t.after(() => directory.remove());
  const { certPath, keyPath, caPath } = await makeCertificate(directory.path);
  return { key: readFileSync(keyPath, 'utf8'), cert: readFileSync(certPath, 'utf8') + readFileSync(caPath, 'utf8') };
}
