import { describe, expect, it } from 'vitest';
import { proxyOf } from '../../../src/docker/docker-proxies.ts';

describe('proxyOf', () => {
  it('reads the words of a docker-proxy', () => {
    const words =
      '/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 80 -container-ip 172.17.0.2 -container-port 8080 -use-listen-fd';
    expect(proxyOf(words.split(' '))).toEqual({
      protocol: 'tcp',
      hostAddress: '0.0.0.0',
      hostPort: 80,
      containerAddress: '172.17.0.2',
      containerPort: 8080,
    });
  });

  it.each([[[]], [['']], [['grep', 'docker-proxy']], [['/usr/bin/not-docker-proxy', '-proto', 'tcp']]])(
    'takes no other program for one: %j',
    (words) => {
      expect(proxyOf(words)).toBeUndefined();
    },
  );
});
