/** What the docker check gets: a network as the engine lists it, a container of it, and a target beside that. */
import type { DockerInput, DockerNetwork, DockerPeer } from '../../../../src/checks/docker/facts.ts';

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

export const db: DockerPeer = {
  destination: 'db:80',
  by: 'name',
  container: 'db',
  isRunning: true,
  networks: ['lan'],
};

export const input = (more: Partial<DockerInput> = {}): DockerInput => ({
  container: 'web',
  mode: 'lan',
  networks: [lan],
  published: [],
  peers: [],
  others: [],
  destinations: [],
  ...more,
});
