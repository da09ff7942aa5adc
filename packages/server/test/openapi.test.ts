/** The API's description tells of every route, and holds together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startService } from './harness/service.ts';

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, unknown> };
  readonly responses: Record<
    string,
    { readonly description?: string; readonly content?: Record<string, { schema: unknown }> }
  >;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

test('every route is described, each operation has its own name, and every reference leads somewhere', async (context) => {
  const { client, service } = await startService(context);
  const document = (await client().get('/openapi.json')).json<Document>();
  assert.match(document.openapi, /^3\.1\./);
  assert.ok(document.info.title !== '' && document.info.version !== '');

  const registered = [...service.routes.routes]
    .filter(([url]) => !['/', '/sign-in', '/sign-up', '/account'].includes(url))
    .flatMap(([url, methods]) =>
      [...methods].filter((method) => method !== 'HEAD').map((method) => `${method} ${url}`),
    );
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
  assert.deepEqual(described.sort(), registered.sort());

  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  const ids = operations.map(({ operationId }) => operationId);
  assert.equal(new Set(ids).size, ids.length);
  for (const { operationId, summary, responses } of operations) {
    assert.ok(operationId && summary, JSON.stringify(operationId));
    for (const [status, response] of Object.entries(responses)) {
      assert.ok(response.description, `${operationId} ${status}`);
      assert.notEqual(response.description, 'Default Response', `${operationId} ${status}`);
      // A probe's 503 says in its usual shape what is not well.
      const isProbe = ['readiness', 'storeHealth', 'redisHealth'].includes(operationId);
      if (Number(status) >= 400 && !isProbe) {
        assert.deepEqual(Object.keys(response.content ?? {}), ['application/problem+json'], `${operationId} ${status}`);
      }
    }
  }
  assert.deepEqual(
    document.paths['/auth/sessions/{id}']?.delete?.parameters?.map(({ name }) => name),
    ['id'],
  );
  assert.ok(document.paths['/auth/sign-up']?.post?.requestBody?.content['application/json']);
  for (const [, reference] of JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)) {
    const found = reference
      ?.replace('#/', '')
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
    assert.ok(found, reference);
  }
});
