import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { Dockerd } from '../../docker/dockerd.ts';
import { TOOLS_IMAGE } from '../../docker/engine.ts';
import { channelContract } from './contract.ts';

let daemon: Dockerd;
let container: string;
beforeAll(async () => {
  daemon = await Dockerd.start();
  container = await daemon.run('tools', TOOLS_IMAGE, 'sleep', 'infinity');
});
afterAll(() => daemon?.stop());

channelContract({
  title: 'a Docker container, by exec',
  module: join(import.meta.dirname, 'open-docker.ts'),
  place: () => `${container}@${daemon.socket}`,
  hasTerminals: true,
});
