/**
 * Records what the tools show of the network of a Docker host: `node test/recordings/record-docker.ts`, with an engine
 * of its own that has two networks and a container with a published port.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { type Recording, recordingsDir } from './recordings.ts';

/** What is recorded, the command that tells the tool's version, and what has to be in it. */
const CASES = [
  {
    name: 'docker-host-rules',
    argv: ['iptables-save', '-c'],
    version: ['iptables', '--version'],
    phenomenon: "Docker's rules for two networks and a published port",
    shows: /-A DOCKER ! -i br-\w+ -p tcp -m tcp --dport 18080 -j DNAT --to-destination 198\.18\.144\.2:8080/,
  },
  {
    name: 'docker-host-addresses',
    argv: ['ip', '-j', '-d', 'addr', 'show'],
    version: ['ip', '-V'],
    phenomenon: 'the bridges of two networks and of the default one',
    shows: /"198\.18\.144\.1"[\s\S]*"198\.18\.145\.1"|"198\.18\.145\.1"[\s\S]*"198\.18\.144\.1"/,
  },
  {
    name: 'docker-host-listeners',
    argv: ['ss', '-lntupH'],
    version: ['ss', '-V'],
    phenomenon: 'docker-proxy on the port that is published',
    shows: /0\.0\.0\.0:18080 .*docker-proxy/,
  },
] as const;

const daemon = await Dockerd.start();
try {
  const engine = (await daemon.docker('version', '--format', '{{.Server.Version}}')).trim();
  for (const network of ['lan', 'other']) await daemon.docker('network', 'create', network);
  await daemon.run('web', '--network', 'lan', '--publish', '18080:8080', APP_IMAGE);
  await daemon.run('far', '--network', 'other', APP_IMAGE);
  for (const { name, argv, version, phenomenon, shows } of CASES) {
    const stdout = await daemon.onHost(...argv);
    if (!shows.test(stdout)) throw new Error(`${name} does not show ${phenomenon}:\n${stdout}`);
    const recorded: Recording = {
      tool: argv[0],
      version: `${(await daemon.onHost(...version)).trim()}; Docker Engine ${engine}`,
      date: new Date().toISOString(),
      phenomenon,
      argv,
      code: 0,
      stdout,
      stderr: '',
    };
    await writeFile(join(recordingsDir, `${name}.json`), `${JSON.stringify(recorded, undefined, 2)}\n`);
  }
} finally {
  await daemon.stop();
}
