/** The built pages obey the content security policy under which the service sends them. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

test('HD6: the pages hold no inline script or style, load all they need from /assets, and stay small', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-console-'));
  try {
    await build({
      root: fileURLToPath(new URL('..', import.meta.url)),
      logLevel: 'error',
      build: { outDir: directory, emptyOutDir: true },
    });
    for (const name of ['index.html', 'frame/index.html']) {
      const page = await readFile(join(directory, name), 'utf8');
      for (const [script] of page.matchAll(/<script\b[^>]*>/g)) assert.match(script, / src="\/assets\//, name);
      assert.doesNotMatch(page, /<style|\sstyle=|\son[a-z]+=|javascript:|https?:\/\//, name);
      assert.doesNotMatch(page, /(?:src|href)="(?!\/assets\/|data:,")/, name);
    }
    assert.deepEqual((await readdir(directory)).sort(), ['assets', 'frame', 'index.html']);
    assert.deepEqual((await readdir(join(directory, 'frame'))).sort(), ['embed.js', 'index.html']);

    // What vendors put into their pages: one classic script, which needs and leaves nothing.
    const embed = await readFile(join(directory, 'frame', 'embed.js'), 'utf8');
    assert.doesNotMatch(embed, /\b(?:import|export)\b|\beval\b|innerHTML|https?:\/\/[a-z]/);
    const made: unknown[] = [];
    const browser = {
      customElements: { get: () => made[0], define: (_name: string, element: unknown) => made.push(element) },
    };
    const before = Object.keys(browser);
    const context = createContext(Object.assign(browser, { HTMLElement: class {} }));
    for (let times = 0; times < 2; times++) runInContext(embed, context);
    assert.equal(made.length, 1);
    assert.deepEqual(Object.keys(browser), [...before, 'HTMLElement']);
    assert.ok(gzipSync(embed).length <= 3000, `${gzipSync(embed).length} bytes to embed with`);

    const frame = await readFile(join(directory, 'frame', 'index.html'), 'utf8');
    const scripts = [...frame.matchAll(/"\/(assets\/[^"]+\.js)"/g)].map(([, path]) =>
      readFile(join(directory, path ?? '')),
    );
    const frameBytes = gzipSync(Buffer.concat(await Promise.all(scripts))).length;
    assert.ok(frameBytes <= 6000, `${frameBytes} bytes of compressed script in the embedded page`);

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
