/** This machine as the TARGET, on which an engine runs: ports that containers have, and the machine has not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding, Report } from '../../src/model/report.ts';
import { Dockerd } from '../docker/dockerd.ts';
import { APP_IMAGE } from '../docker/engine.ts';
import { bash } from './support/cli.ts';
import { validReport } from './support/report.ts';

let daemon: Dockerd;
beforeAll(async () => {
  daemon = await Dockerd.start();
  await daemon.docker('network', 'create', 'lan');
  const run = (name: string, ...words: readonly string[]): Promise<string> =>
    daemon.run(name, '--network', 'lan', ...words);
  await run('hidden', APP_IMAGE, 'httpd', '-f', '-p', '9000');
  await run('told', '--expose', '9001', APP_IMAGE, 'sleep', 'infinity');
  await run('moved', '--publish', '18501:9002', APP_IMAGE, 'httpd', '-f', '-p', '9002');
  await run('inward', APP_IMAGE, 'httpd', '-f', '-p', '127.0.0.1:9003');
  await run('ended', '--publish', '18502:8080', APP_IMAGE);
  await daemon.docker('stop', '--time', '0', 'ended');
});
afterAll(async () => {
  await daemon?.stop();
});

/** From the host of the engine; the finding of the port. */
async function found(destination: string, engine: string = daemon.socket): Promise<Finding[]> {
  const words = `firewall local --to ${destination} -o json`;
  const { stdout, stderr } = await bash(
    `nsenter --net=/run/netns/${daemon.place.netns} kubectl-nettools ${words}`,
    { env: { KUBECONFIG: '/nonexistent', DOCKER_HOST: `unix://${engine}` } },
  );
  expect(stdout, stderr).toMatch(/^\{/);
  const report: Report = validReport(JSON.parse(stdout));
  return report.checks.flatMap(({ findings }) => findings).filter(({ severity }) => severity !== 'info');
}

describe('NT-DKR-028: a port that the machine refuses', () => {
  it.each([
    [
      'of a container that does not publish it',
      '127.0.0.1:9000',
      /^TCP 127\.0\.0\.1:9000 is refused by this machine, on which nothing listens on the port; container "hidden" \(198\.18\.\S+\) listens on TCP 9000 in its own network, and does not publish it\.$/,
      /docker run --publish 9000:9000/,
    ],
    [
      'of a container that exposes it, by the name of localhost',
      'localhost:9001',
      /; container "told" \(198\.18\.\S+\) exposes TCP 9001, and does not publish it\.$/,
      /expose: opens nothing/,
    ],
    [
      'of a container that publishes it as another one',
      '127.0.0.1:9002',
      /; container "moved" \(198\.18\.\S+\) listens on TCP 9002 in its own network, and publishes it at 0\.0\.0\.0:18501.* alone\.$/,
      /^Ask for localhost:18501/,
    ],
    [
      'of a program that hears its own container alone',
      '127.0.0.1:9003',
      /; container "inward" \(198\.18\.\S+\) listens on TCP 9003 in its own network, on its loopback address alone, and does not publish it\.$/,
      /listen on all addresses/,
    ],
    [
      'of a container that has ended',
      '127.0.0.1:18502',
      /; container "ended" would lead it to its own TCP 8080 \(0\.0\.0\.0:18502\), and is not running \(exited\)\.$/,
      /docker start ended/,
    ],
  ])('%s', async (_what, destination, says, remedy) => {
    const [lead, ...more] = await found(destination);
    expect(lead?.id, JSON.stringify(lead)).toBe('NT-DKR-028');
    expect(lead?.severity).toBe('critical');
    expect(lead?.summary).toMatch(says);
    expect(lead?.remediation).toMatch(remedy);
    expect(more.map(({ id, causedBy }) => [id, causedBy])).toEqual([['NT-SOCK-001', 'NT-DKR-028']]);
  });

  it('is silent of a port that is published, and of one that no container has', async () => {
    expect(await found('127.0.0.1:18501')).toEqual([]);
    expect((await found('127.0.0.1:9009')).map(({ id }) => id)).toEqual(['NT-SOCK-001']);
  });

  it('is silent where there is no engine to ask', async () => {
    expect((await found('127.0.0.1:9000', '/nonexistent')).map(({ id }) => id)).toEqual(['NT-SOCK-001']);
  });
});
