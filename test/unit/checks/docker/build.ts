/** A network as the engine lists it. */
import type { DockerNetwork } from '../../../../src/checks/docker/facts.ts';

export const lan: DockerNetwork = {
  name: 'lan',
  driver: 'bridge',
  subnets: ['198.18.144.0/24'],
  gateway: '198.18.144.1',
  addresses: ['198.18.144.2'],
  internal: false,
  isDefaultBridge: false,
  connectsContainers: true,
  masquerades: true,
};
