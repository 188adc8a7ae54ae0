import { DockerExecChannel } from '../../../src/channels/docker-exec.ts';
import { DockerClient } from '../../../src/docker/client.ts';
import type { OpenChannel } from './subject.ts';

/** Exec into a container of an engine. @param place `CONTAINER@SOCKET` */
export const open: OpenChannel = async (place) => {
  const [, container = '', socket = ''] = /^([^@]+)@(.+)$/.exec(place) ?? [];
  const env = { DOCKER_HOST: `unix://${socket}` };
  const client = await DockerClient.connect({ env, homeDir: '/nonexistent', platform: process.platform });
  return { channel: new DockerExecChannel(client, container), close: () => client.close() };
};
