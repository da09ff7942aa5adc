/** The browser's side of the page: goes on with what the server rendered, without asking again. */
import { createSessionClient } from 'holdfast/client';
import { readInitial } from 'holdfast/client/ssr';
import { hydrateRoot } from 'react-dom/client';
import { Page, type User } from './page.tsx';

const initial = readInitial();
const client = createSessionClient<User>({ initial });
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root');
const { note = '' } = root.dataset;
hydrateRoot(root, <Page client={client} facts={{ path: location.pathname, search: location.search, note, initial }} />);
