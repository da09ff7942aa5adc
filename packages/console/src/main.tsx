/** Starts the pages. */
import { SessionProvider } from 'holdfast/client/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { session } from './session.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('the document has no element with the id "root"');
createRoot(root).render(
  <StrictMode>
    <SessionProvider client={session}>
      <App />
    </SessionProvider>
  </StrictMode>,
);
