/** React on a server: one client for everybody holds nothing of anybody, and nothing is ever asked. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createElement as h, type ReactElement, Suspense, use } from 'react';
import { renderToPipeableStream, renderToString } from 'react-dom/server';
import { createSessionClient } from '../../src/client/index.ts';
import { RequireSession, SessionProvider, useSession, useSettledSession, useSignedIn } from '../../src/client/react.ts';
import type { ValidateAnswer } from '../../src/protocol/validate.ts';

const never = (): never => assert.fail('a server asks nothing through the client');

/** As a module of an application has it. */
function moduleClient() {
  return createSessionClient({
    debug: false,
    environment: { fetch: never, after: never, openChannel: never, watch: never, locks: null },
  });
}

function isIn(id: string): ValidateAnswer {
  const time = '2030-01-01T00:00:00.000Z';
  const times = { created_at: time, expires_at: time, idle_expires_at: time, authenticated_at: time };
  return { valid: true, user: { id }, session: { id: `session-of-${id}`, ...times, amr: [] }, now: time };
}

function Name(): ReactElement {
  const { user, session } = useSignedIn();
  return h('b', null, `${user.id} ${session.id}`);
}

/** Shows the name before and after a wait, during which others are rendered. */
function Page({ wait }: { wait: Promise<unknown> }): ReactElement {
  return h('main', null, h(Name), h(Suspense, { fallback: '…' }, h(Later, { wait })));
}

function Later({ wait }: { wait: Promise<unknown> }): ReactElement {
  use(wait);
  return h('i', null, h(Name));
}

test('pages of different people that are rendered at the same time never mix', async () => {
  const client = moduleClient();
  const people = Array.from({ length: 40 }, (_, index) => `person-${index}`);
  const gates = people.map(() => Promise.withResolvers<void>());
  const pages = people.map((id, index) => {
    const page = h(Page, { wait: gates[index]?.promise ?? Promise.resolve() });
    const app = h(SessionProvider, { client, initial: isIn(id) }, h(RequireSession, null, page));
    const output = new PassThrough();
    const stream = renderToPipeableStream(app, { onShellReady: () => stream.pipe(output) });
    return text(output);
  });
  // All shells are rendered by now, and the rest comes in another order.
  await new Promise(setImmediate);
  for (const gate of gates.toReversed()) gate.resolve();
  for (const [index, html] of (await Promise.all(pages)).entries()) {
    const names = html.match(/person-\d+/g) ?? [];
    assert.deepEqual(names, Array(4).fill(`person-${index}`));
  }
  assert.equal(client.current().status, 'checking');
});

test('a page for nobody, after one for somebody, shows nobody', () => {
  const client = moduleClient();
  const render = (initial: ValidateAnswer | null) =>
    renderToString(
      h(SessionProvider, { client, initial }, h(RequireSession, { pending: 'wait', signedOut: 'nobody' }, h(Name))),
    );
  assert.match(render(isIn('ada')), /ada/);
  assert.equal(render({ valid: false, reason: 'no-token' }), 'nobody');
  assert.equal(render(null), 'wait');
  assert.equal(client.current().status, 'checking');
});

function Settled(): ReactElement {
  return h('b', null, useSettledSession().status);
}

test('where the server has no answer, Suspense sends its fallback instead of waiting for ever', async () => {
  const client = moduleClient();
  const page = (initial: ValidateAnswer | null) =>
    h(SessionProvider, { client, initial }, h(Suspense, { fallback: 'wait' }, h(Settled)));
  assert.match(renderToString(page(isIn('ada'))), /<b>signed-in<\/b>/);
  const output = new PassThrough();
  const errors: unknown[] = [];
  const stream = renderToPipeableStream(page(null), {
    onShellReady: () => stream.pipe(output),
    onError: (error) => void errors.push(error),
  });
  const html = await text(output);
  assert.match(html, /wait/);
  assert.doesNotMatch(html, /<b>/);
  assert.match(String(errors), /the browser asks/);
});

function Status(): ReactElement {
  return h(
    'b',
    null,
    useSession(({ status }) => status),
  );
}

test('an answer that the client cannot read is none', () => {
  const initial = { valid: true, user: {}, session: {}, now: '' } as unknown as ValidateAnswer;
  const html = renderToString(h(SessionProvider, { client: moduleClient(), initial }, h(Status)));
  assert.equal(html, '<b>checking</b>');
});
