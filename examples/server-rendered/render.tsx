/** The server's side of the page. */
import { createSessionClient } from 'holdfast/client';
import { renderToString } from 'react-dom/server';
import { Page, type PageFacts, type User } from './page.tsx';

/** One for everybody: on a server it asks nothing and holds nothing of anybody. What is shown comes from the facts alone. */
const client = createSessionClient<User>();

export function render(facts: PageFacts): string {
  return renderToString(<Page client={client} facts={facts} />);
}
