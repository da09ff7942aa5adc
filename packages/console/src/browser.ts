/** Joins the session to this browser: its network, its events, its other tabs. */
import { createService, type Service } from './service.ts';
import { createSession, type Session } from './session.ts';
import { systemTimers } from './timers.ts';

export const service: Service = createService({ send: (path, init) => fetch(path, init), timers: systemTimers });

/** One session for the whole page; it asks the service as soon as it is made. */
export const session: Session = startSession();

function startSession(): Session {
  const tabs = new BroadcastChannel('holdfast-session');
  const made = createSession({
    service,
    timers: systemTimers,
    random: Math.random,
    tell: (news) => tabs.postMessage(news),
  });
  tabs.addEventListener('message', (event) => made.hear(event.data));
  window.addEventListener('online', () => made.wake('returned'));
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') made.wake('returned');
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) made.wake('restored');
  });
  made.ask();
  return made;
}
