/** The built pages obey the content security policy under which the service sends them. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

test('HD6: the page holds no inline script or style, and loads all it needs from /assets', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-console-'));
  try {
    await build({
      root: fileURLToPath(new URL('..', import.meta.url)),
      logLevel: 'error',
      build: { outDir: directory, emptyOutDir: true },
    });
    const page = await readFile(join(directory, 'index.html'), 'utf8');
    for (const [script] of page.matchAll(/<script\b[^>]*>/g)) assert.match(script, / src="\/assets\//);
    assert.doesNotMatch(page, /<style|\sstyle=|\son[a-z]+=|javascript:|https?:\/\//);
    assert.doesNotMatch(page, /(?:src|href)="(?!\/assets\/)/);
    assert.deepEqual((await readdir(directory)).sort(), ['assets', 'index.html']);

    const assets = await readdir(join(directory, 'assets'));
    let scriptBytes = 0;
    for (const asset of assets) {
      const content = await readFile(join(directory, 'assets', asset));
      if (asset.endsWith('.js')) scriptBytes += gzipSync(content).length;
      if (asset.endsWith('.css')) assert.doesNotMatch(content.toString(), /@import|https?:\/\//);
    }
    // React alone is some 60 kB; what is ours must stay small beside it.
    assert.ok(scriptBytes < 90_000, `${scriptBytes} bytes of compressed script`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
