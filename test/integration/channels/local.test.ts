import { join } from 'node:path';
import { channelContract } from './contract.ts';

channelContract({
  title: 'this machine',
  module: join(import.meta.dirname, 'open-local.ts'),
  place: () => '',
  hasTerminals: false,
});
