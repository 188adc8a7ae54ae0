/** `gateway` is a part of the diagnosis and has no command of its own. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'gateway',
  diagnosis: { after: ['tls'] },
  thresholds: {},
});
