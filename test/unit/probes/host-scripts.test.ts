/** What is read of a Docker host, with tools that say what a test wants; busybox has its own. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compactScript } from '../../../src/channels/script.ts';
import { SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import { runToEnd, SHELLS } from '../shells.ts';

const folder = mkdtempSync(join(tmpdir(), 'nettools-host-scripts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const env = { PATH: [folder, process.env['PATH']].join(delimiter) };

function tool(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}`);
  chmodSync(join(folder, name), 0o755);
}

describe.each(SHELLS.filter(({ name, available }) => available && name !== 'busybox ash'))(
  '$name',
  ({ words: shell }) => {
    const told = async (script: string, ...words: string[]): Promise<string> => {
      const { stdout } = await runToEnd([...shell, '-c', compactScript(script), 'nettools', ...words], '', {
        env,
      });
      return stdout.toString();
    };

    it('counts the connections that share an address and a destination', async () => {
      const line = (port: number, far: string, own = '198.18.130.1', to = '198.18.130.1') =>
        `tcp 6 86398 ESTABLISHED src=172.18.0.${port % 9} dst=${far} sport=${port} dport=8080 src=${far} dst=${to} sport=8080 dport=${port} [ASSURED] mark=0 use=1 own=${own}`;
      const lines = [
        ...Array.from({ length: 12 }, (_, i) => line(40000 + i, '198.18.130.2')),
        ...Array.from({ length: 9 }, (_, i) => line(41000 + i, '198.18.130.3')),
        // Not translated: the answer comes to who has asked.
        ...Array.from({ length: 30 }, (_, i) =>
          line(42000 + i, '198.18.130.4').replaceAll(
            /(?<= )dst=198\.18\.130\.1 /g,
            `dst=172.18.0.${(42000 + i) % 9} `,
          ),
        ),
        'icmp 1 29 src=172.18.0.2 dst=198.18.130.2 type=8 code=0 id=1 src=198.18.130.2 dst=198.18.130.1 type=0 code=0 id=1',
      ];
      tool('conntrack', `cat <<'END'\n${lines.join('\n')}\nEND\n`);
      expect(await told(SCRIPT_TEXTS.busiestAddresses)).toBe('busy 12 tcp 198.18.130.1 198.18.130.2 8080\n');
    });

    describe('the way of a tunnel', () => {
      const way = (): Promise<string> => told(SCRIPT_TEXTS.tunnelWay, '198.18.131.9', '1500', '1450', '1400');
      /** A ping that answers up to so many bytes, in these modes. */
      const ping = (
        most: number,
        modes = 'probe do',
        says = 'From 198.18.131.2 icmp_seq=1 Frag needed (mtu = 1400)',
      ) =>
        tool(
          'ping',
          `[ "$1" = -V ] && { echo 'ping from iputils 20240905'; exit 0; }
while [ $# -gt 0 ]; do case $1 in -M) mode=$2 ;; -s) size=$2 ;; esac; shift; done
case ' ${modes} ' in *" $mode "*) ;; *) exit 2 ;; esac
[ $((size + 28)) -le ${most} ] || { echo '${says}'; exit 1; }
`,
        );

      it('carries what is answered, and says what is not', async () => {
        ping(1500);
        expect(await way()).toBe('carries 1500\n');
        ping(1400);
        expect(await way()).toBe(
          'lost 1500\nicmp From 198.18.131.2 icmp_seq=1 Frag needed (mtu = 1400)\nlost 1450\nicmp From 198.18.131.2 icmp_seq=1 Frag needed (mtu = 1400)\ncarries 1400\n',
        );
        ping(1400, 'do', 'nothing');
        expect(await way()).toBe('lost 1500\nlost 1450\ncarries 1400\n');
      });

      it('is not known where nobody answers, or ping knows no modes', async () => {
        ping(0);
        expect(await way()).toBe('no-answer\n');
        tool('ping', "echo 'BusyBox v1.37.0 multi-call binary'\n");
        expect(await way()).toBe('no-ping\n');
      });
    });

    it('asks in the network of who is above, or says that nobody is', async () => {
      tool(
        'readlink',
        `case $1 in /proc/self/*) echo 'net:[2]' ;; */1/*) echo 'net:[1]' ;; *) echo 'net:[2]' ;; esac\n`,
      );
      tool('nsenter', `echo "$@"\n`);
      expect(await told(SCRIPT_TEXTS.inOuter, 'nft', 'list ruleset')).toBe(
        '--net=/proc/1/ns/net nft list ruleset\n',
      );
      tool('readlink', `echo 'net:[2]'\n`);
      expect(await told(SCRIPT_TEXTS.inOuter, 'nft')).toBe('');
      rmSync(join(folder, 'readlink'));
    });
  },
);
