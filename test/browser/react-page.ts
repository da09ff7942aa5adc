/** The browser's side of the React tests: renders or hydrates the scenario that the page names. */
import { createSessionClient } from 'holdfast/client';
import { readInitial } from 'holdfast/client/ssr';
import { createElement } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { type Probe, probe, Scenario } from './react-scenarios.ts';

const { scenario = '', seed = 'client' } = document.documentElement.dataset;
const root = document.getElementById('root') as HTMLElement;
const initial = readInitial();
/** `client`: as documented, the client gets it. `provider`: the way of frameworks that pass it to components. */
const client = createSessionClient({ debug: false, initial: seed === 'client' ? initial : null });
(window as unknown as { probe: Probe }).probe = { ...probe, client };

const app = createElement(Scenario, { name: scenario, client, initial: seed === 'provider' ? initial : null });
const onRecoverableError = (error: unknown): void => {
  probe.recovered.push(String(error));
};
if (root.firstChild === null) createRoot(root).render(app);
else hydrateRoot(root, app, { onRecoverableError });
