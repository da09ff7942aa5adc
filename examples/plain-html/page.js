/** Shows what the client knows. No framework: one listener, and one element per state. */
import { createSessionClient } from 'holdfast/client';

const client = createSessionClient();
const element = (id) => document.getElementById(id);

const TEXTS = {
  checking: 'Checking…',
  'signed-in': 'Signed in',
  'signed-out': 'Signed out',
  unreachable: 'No connection, trying again',
};

function show() {
  const state = client.current();
  // During an outage, what was last known: a form that somebody types in stays.
  const known = state.status === 'unreachable' ? state.lastKnown : state;
  const view = known === null ? 'away' : known.status;
  for (const part of document.querySelectorAll('[data-view]')) part.hidden = part.dataset.view !== view;
  if (known?.status === 'signed-in') element('name').textContent = known.user.name;
  element('status').textContent = TEXTS[state.status];
  element('status').dataset.status = state.status;
}

/** Runs a command when a form is sent, and says why when it did not happen. */
function onSubmit(id, command) {
  element(id).addEventListener('submit', async (event) => {
    event.preventDefault();
    const answer = await command(Object.fromEntries(new FormData(event.target)));
    if (answer.kind === 'ok') event.target.reset();
    element('problem').textContent =
      answer.kind === 'ok' ? '' : (answer.problem?.title ?? 'The server does not answer. Try again in a moment.');
  });
}

client.subscribe(show);
show();
onSubmit('sign-in', (values) => client.signIn(values));
onSubmit('sign-out', () => client.signOut());
