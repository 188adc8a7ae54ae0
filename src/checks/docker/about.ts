/** `docker` is a part of other commands and has none of its own. */
import { defineAbout } from '../shared/about.ts';

export default defineAbout({
  id: 'docker',
  diagnosis: { after: [] },
  thresholds: {},
});
