import { describe, expect, it } from 'vitest';
import latency from '../../../../../src/checks/latency/check.ts';
import { judgeLatency } from '../../../../../src/checks/latency/judge.ts';
import { PROBE_SCRIPTS } from '../../../../../src/probes/scripts.ts';
import { named } from '../../results.ts';
import { destination, result, thresholds } from '../build.ts';

const ASKED = 'http://shop.example:8081/webtools';

/** @param led what became of connecting to the port of the Location */
function run(location: string, led = '', asked = ASKED, status = 301) {
  const input = {
    destinations: [destination({ label: asked, url: asked, host: 'shop.example', port: '8081' })],
    count: 1,
    intervalMs: 50,
    thresholds,
  };
  const answer = `${location}\n${status} 0.0001 0 0.0005 0.0006 192.0.2.9 \n1.1 141 0 nginx\n`;
  const evidence = {
    'to0-tcp': result('to0-tcp', 'address 192.0.2.9\ntry 400000\nok 1200\n'),
    'to0-http': result('to0-http', answer),
    ...(led === '' ? {} : { 'to0-led-to': result('to0-led-to', `address 192.0.2.9\ntry\n${led}`) }),
  };
  return {
    asks: latency.followUp?.(evidence, input, PROBE_SCRIPTS).map(({ display }) => display?.join(' ')),
    judged: judgeLatency(evidence, input),
  };
}

const REFUSED = 'bash: connect: Connection refused\nfailed 90\n';

describe('NT-PROXY-005', () => {
  it.each([
    ['http://shop.example/webtools/', '80'],
    ['http://shop.example:8080/webtools/', '8080'],
    ['https://shop.example/webtools', '443'],
    ['https://SHOP.example:9443/', '9443'],
  ])('asks for the port of %s', (location, port) => {
    expect(run(location).asks).toEqual([`tcp-connect 192.0.2.9 ${port} 1`]);
  });

  it.each([
    ['', 'no Location'],
    ['http://shop.example:8081/webtools/', 'the same port'],
    ['https://login.example/', 'another host'],
    ['ftp://shop.example/', 'another protocol'],
    ['http://', 'no URL'],
  ])('asks for nothing at %j: %s', (location) => {
    expect(run(location).asks).toEqual([]);
  });

  it('asks for nothing of a status that leads nowhere', () => {
    expect(run('http://shop.example/', '', ASKED, 201).asks).toEqual([]);
  });

  it('knows the usual ports', () => {
    expect(run('http://shop.example:80/shop/', '', 'http://shop.example/shop').asks).toEqual([]);
    expect(run('https://shop.example:443/shop/', '', 'https://shop.example/shop').asks).toEqual([]);
  });

  it('names the port that refuses', () => {
    const { judged } = run('http://shop.example/webtools/', REFUSED);
    expect(named(judged)).toEqual(['NT-PROXY-005 warning']);
    expect(judged.findings[0]?.summary).toBe(
      `${ASKED} answers with HTTP 301 and leads to http://shop.example/webtools/: 192.0.2.9:80 refuses connections, so whoever follows it gets nothing.`,
    );
  });

  it('names one that is silent', () => {
    const { judged } = run(
      'https://shop.example/',
      'given up: Connection timed out\nfailed 3500000\n',
      ASKED,
      308,
    );
    expect(judged.findings[0]?.summary).toMatch(
      /192\.0\.2\.9:443 answers no connection, so whoever follows it gets nothing, unless a firewall or a NetworkPolicy /,
    );
  });

  it('is silent where somebody takes the connection, and where it is not known', () => {
    expect(named(run('https://shop.example/', 'ok 300\n').judged)).toEqual([]);
    expect(named(run('https://shop.example/', 'budget\n').judged)).toEqual([]);
    expect(named(run('https://shop.example/').judged)).toEqual([]);
  });
});
