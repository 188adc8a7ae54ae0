/** What the engine says, quoted as the command that shows it. Pure. */
import type { Quote } from '../../model/report.ts';
import type { DockerInput, DockerNetwork, DockerPeer } from './facts.ts';

/** The target's networks and addresses. */
export function quoteNetworks({ container, mode, networks }: DockerInput): Quote {
  const lines = networks.map(({ name, addresses }) => `${name} ${addresses.join(' ') || 'no address'}`);
  return {
    command: ['docker', 'inspect', '--format', '{{json .NetworkSettings.Networks}}', container],
    excerpt: lines.join('\n') || `no network (network mode ${mode})`,
  };
}

/** One option of a network. */
export function quoteNetwork({ name }: DockerNetwork, excerpt: string): Quote {
  return { command: ['docker', 'network', 'inspect', name], excerpt };
}

/** Another container: whether it runs, and its networks. */
export function quotePeer({ container, isRunning, networks }: DockerPeer): Quote {
  return {
    command: [
      'docker',
      'ps',
      '--all',
      '--filter',
      `name=${container}`,
      '--format',
      '{{.State}} {{.Networks}}',
    ],
    excerpt: `${isRunning ? 'running' : 'not running'} ${networks.join(',')}`.trim(),
  };
}
