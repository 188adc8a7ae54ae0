import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import ALIVE from '../../../src/channels/alive.sh';
import ENTER from '../../../src/channels/enter-netns.sh';
import GUARD from '../../../src/channels/guard.sh';
import { compactScript } from '../../../src/channels/script.ts';
import NETNS_LIST from '../../../src/probes/netns-list.sh';
import RUNNER from '../../../src/probes/runner.sh';
import { SCRIPT_TEXTS } from '../../../src/probes/scripts.ts';
import START from '../../../src/probes/start.sh';
import KEEPER from '../../../src/targets/keeper.sh';
import STOP from '../../../src/targets/stop.sh';
import { SHELLS } from '../shells.ts';

/** What travels in a request line. */
const SCRIPTS = { ALIVE, ENTER, GUARD, NETNS_LIST, START, KEEPER, STOP };
/** What travels over stdin; some of them are bash's. */
const {
  reach: _reach,
  tcpConnect: _tcpConnect,
  tcpTransfer: _tcpTransfer,
  sweep: _sweep,
  greeting: _greeting,
  otherWays: _otherWays,
  resting: _resting,
  http2: _http2,
  ...PROBES
} = SCRIPT_TEXTS;
/** awk does not care how its program is indented. */
const {
  portUse: _portUse,
  oddSockets: _oddSockets,
  conntrackHolders: _conntrackHolders,
  ...STRICT
} = { ...SCRIPTS, RUNNER, ...SCRIPT_TEXTS };
const ALL = { ...SCRIPTS, RUNNER, ...PROBES };

describe('compactScript', () => {
  it('takes comments, indentation and empty lines away', () => {
    expect(compactScript('# why\n\nif true; then\n  echo "a # b"  \n\t# more\nfi\n')).toBe(
      'if true; then\necho "a # b"\nfi',
    );
    expect(compactScript('case $1 in\n  a) echo b ;;\nesac')).toBe('case $1 in\na) echo b;;\nesac');
  });

  it.each(Object.entries(STRICT))('changes nothing that %s depends on', (_name, text) => {
    // In a string of several lines, a line may neither start with a blank or a # nor be empty.
    let quote = '';
    for (const line of text.split('\n')) {
      if (quote !== '') expect(line).not.toMatch(/^(\s|#|$)| ;;$/);
      for (const character of quote === '' && /^\s*#/.test(line) ? '' : line.replace(/\\./g, '')) {
        if (quote === '' && (character === "'" || character === '"')) quote = character;
        else if (character === quote) quote = '';
      }
    }
    expect(quote).toBe('');
  });

  it.each(Object.entries(SCRIPTS))('leaves %s short enough for a request line', (_name, text) => {
    // 8 KiB is the limit of some proxies (nginx, Envoy and Apache have it as a default).
    expect(encodeURIComponent(compactScript(text)).length).toBeLessThan(6000);
  });

  describe.each(SHELLS.filter((s) => s.available))('in $name', ({ words }) => {
    const [shell = '', ...args] = words;
    it.each(Object.entries(ALL))('leaves %s well-formed', (_name, text) => {
      for (const script of [text, compactScript(text)]) {
        const { status, stderr } = spawnSync(shell, [...args, '-n', '-c', script], { encoding: 'utf8' });
        expect(stderr).toBe('');
        expect(status).toBe(0);
      }
    });
  });
});
