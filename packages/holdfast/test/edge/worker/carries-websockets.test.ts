/** What the edge promises of WebSockets, in workerd. */
import { carriesWebSockets } from '../node/harness/carries-websockets.ts';
import { workerd } from '../node/harness/fronts.ts';

carriesWebSockets(workerd);
