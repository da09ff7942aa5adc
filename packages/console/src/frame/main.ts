/** The page in the iframe: uses the one-time session that it was given, once, and works by its cookies from then on. */
import { createSessionClient, type SessionState } from 'holdfast/client';
import { consumeTicket, REFUSALS } from './consume-ticket.ts';
import { type Embedder, meetEmbedder } from './embedder.ts';
import { type Belonging, digest, fetchOwn, SESSION_PATH } from './own-session.ts';
import { createView } from './view.ts';

const id = new URLSearchParams(location.search).get('session_id');
// Before anything else: no history, no Referer and no screenshot of the address is to hold it.
history.replaceState(history.state, '', location.pathname);
/** What a reload inside the frame still knows of the id; it opens nothing. */
const ticket: Promise<string | null> = id === null ? Promise.resolve(history.state) : digest(id);
if (id !== null) void ticket.then((mark) => history.replaceState(mark, ''));

const ENDED = 'Ask the page around this one to load again.';
const UNREACHABLE = ['The service cannot be reached', 'This tries again by itself. Nobody was signed out.'] as const;

const view = createView();
if (parent === self) view.say('There is nothing here', 'This page works inside of another site’s page only.');
else void meetEmbedder(view.content).then(work);

async function work(embedder: Embedder): Promise<void> {
  const belonging: Belonging = { origin: embedder.origin, ticket: await ticket, excuse: '' };
  const client = createSessionClient({
    // The server repeats the answer to a use for ten seconds: two more tries fit into that.
    deadlineSeconds: 3,
    paths: { validate: SESSION_PATH, signOut: '/auth/frame-sign-out' },
    readUser: (user) => ({ id: typeof user === 'string' ? user : '' }),
    // Frames of one site may have come of different tickets: what one of them hears is nothing that the other may believe.
    environment: { fetch: fetchOwn(belonging), openChannel: null },
  });
  /** Used just now: what else than the cookies could be missing? */
  let isNew = false;
  if (id !== null) {
    belonging.excuse = await consumeTicket({
      id,
      origin: embedder.origin,
      request: client.request,
      onSilence(reason) {
        view.say(...UNREACHABLE);
        embedder.tell('unreachable', reason);
      },
    });
    isNew = belonging.excuse === '';
  }
  view.onSignOut(async () => {
    const answer = await client.signOut();
    if (answer.kind !== 'ok') view.say('You are still signed in', 'The service did not answer. Try again.', true);
  });
  client.subscribe(() => show(client.current()));

  function show(state: SessionState): void {
    const { excuse } = belonging;
    // Refused for good, it does not matter that the question about the session is refused, too.
    const reason = state.status === 'signed-out' ? state.reason : excuse;
    if (state.status === 'signed-in') {
      isNew = false;
      view.show(state);
      embedder.tell('ready');
    } else if (state.status === 'checking') {
      // Back from the browser's cache: it may show somebody who has left.
      view.say('One moment …');
    } else if (state.status === 'unreachable' && (excuse === '' || REFUSALS.includes(excuse))) {
      view.say(...UNREACHABLE, state.lastKnown?.status === 'signed-in');
      embedder.tell('unreachable', 'no-answer');
    } else if (isNew && reason === 'no-token') {
      view.say('Your browser keeps no cookies here', 'Allow them for this page, then load it again.');
      embedder.tell('signed-out', 'cookies-not-kept');
    } else {
      if (excuse === 'already-used') view.say('This was opened before', ENDED);
      else if (excuse !== '') view.say('This is not good any more', ENDED);
      else view.say('You are signed out', ENDED);
      embedder.tell(excuse === '' ? 'signed-out' : excuse === 'already-used' ? 'used' : 'expired', reason);
    }
  }
}
