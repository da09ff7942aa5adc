/** What the edge promises of every message, in workerd. */
import { carriesMessages } from '../node/harness/carries-messages.ts';
import { workerd } from '../node/harness/fronts.ts';

carriesMessages(workerd);
