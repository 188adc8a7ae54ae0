/** NT-DNS-004 of targets without a cluster, whose control name is `localhost.` */
import { expect, it } from 'vitest';
import { CONTROL, judgedRun, type MadeServer, type Said } from './made-run.ts';

const NAME = 'api.corp.test.';

/** @param ofControl what the server says to the name that it can answer by itself */
function summary(control: string, ofControl: (nth: number) => Said): string | undefined {
  let nth = 0;
  const server: MadeServer = {
    address: '127.0.0.53',
    udp: (name) => (name === CONTROL ? ofControl(nth++) : 'SERVFAIL'),
  };
  const { findings } = judgedRun([server], {
    names: [NAME],
    control,
    conf: 'nameserver 127.0.0.53\n',
    input: { services: { value: [] } },
  });
  return findings.find(({ id }) => id === 'NT-DNS-004')?.summary;
}

it('speaks of the names that were answered, and of no cluster', () => {
  expect(summary('localhost.', () => '127.0.0.1')).toMatch(
    /for api\.corp\.test\.: the same server answers for localhost\., so its upstream or the zone of these is at fault\.$/,
  );
  expect(summary(CONTROL, () => '198.19.0.1')).toMatch(
    /: the same server answers for the cluster's own names, /,
  );
});

it('speaks of the name that fails at times', () => {
  const atTimes = (nth: number): Said => (nth % 2 === 0 ? '127.0.0.1' : 'SERVFAIL');
  expect(summary('localhost.', atTimes)).toMatch(
    /: even localhost\., which a server can answer by itself, fails/,
  );
  expect(summary(CONTROL, atTimes)).toMatch(/: even the cluster's own name fails at times/);
});
