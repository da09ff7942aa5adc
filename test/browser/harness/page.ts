/** The browser's side of the matrix: one client, shown in the document, and everything it concluded written down. */
import { createSessionClient, type SessionClient, type SessionState } from 'holdfast/client';

/** One change of the state. */
export interface Seen {
  /** Milliseconds since 1970 by a clock that all tabs share and that no test turns. */
  readonly at: number;
  readonly status: SessionState['status'];
  /** Why nobody is signed in; empty otherwise. */
  readonly reason: string;
}

/** What tests find as `window.matrix`. */
export interface MatrixPage {
  readonly client: SessionClient;
  readonly seen: Seen[];
  /** What the page showed of the person at the end of each `pageshow` from the back-forward cache. */
  readonly restored: string[];
  /** Milliseconds since 1970 by the clock of `seen`. */
  clock(): number;
  /** How far the client's clock is ahead, in milliseconds, where the address says `turnable`. */
  ahead: number;
  /** Between the events `freeze` and `resume`. */
  frozen: boolean;
}

declare global {
  interface Window {
    readonly matrix: MatrixPage;
  }
}

const query = new URLSearchParams(location.search);
const client = createSessionClient({
  service: query.get('service') ?? '',
  environment: {
    // Where time must not be what makes it ask.
    ...(query.has('timeless') ? { after: () => () => {} } : {}),
    ...(query.has('turnable') ? { now: () => Date.now() + window.matrix.ahead } : {}),
  },
});
const seen: Seen[] = [];
const restored: string[] = [];
// `Date` is what a test may turn.
const clock = (): number => performance.timeOrigin + performance.now();
Object.assign(window, { matrix: { client, seen, restored, clock, ahead: 0, frozen: false } satisfies MatrixPage });

const show = (id: string, text: string): void => {
  const element = document.getElementById(id);
  if (element) element.textContent = text;
};

function render(): void {
  const state = client.current();
  const known = state.status === 'unreachable' ? state.lastKnown : state;
  const reason = state.status === 'signed-out' ? state.reason : '';
  seen.push({ at: clock(), status: state.status, reason });
  show('status', state.status);
  show('reason', reason);
  show('person', known?.status === 'signed-in' ? String(Reflect.get(known.user, 'email')) : '');
  // As a guard does: only what the server said leads to the sign-in page.
  if (state.status === 'signed-out' && document.documentElement.dataset.guarded) {
    location.replace(`/app/sign-in?next=${encodeURIComponent(location.pathname)}`);
  }
}

document.addEventListener('freeze', () => {
  window.matrix.frozen = true;
});
document.addEventListener('resume', () => {
  window.matrix.frozen = false;
});

render();
client.subscribe(render);
// After the client's own listener, so that it shows what a person would see first.
window.addEventListener('pageshow', (event) => {
  if (event.persisted) restored.push(document.getElementById('person')?.textContent ?? '');
});
