/** `path` is a part of other commands and has none of its own. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'path',
  diagnosis: { after: ['firewall'] },
  thresholds: {},
});
