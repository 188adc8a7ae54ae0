import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import ALIVE from '../../../src/channels/alive.sh';
import ENTER from '../../../src/channels/enter-netns.sh';
import GUARD from '../../../src/channels/guard.sh';
import { compactScript } from '../../../src/channels/script.ts';
import NETNS_LIST from '../../../src/probes/netns-list.sh';
import RUNNER from '../../../src/probes/runner.sh';
import KEEPER from '../../../src/targets/keeper.sh';
import STOP from '../../../src/targets/stop.sh';
import { SHELLS } from '../shells.ts';

const SCRIPTS = { ALIVE, ENTER, GUARD, NETNS_LIST, RUNNER, KEEPER, STOP };

describe('compactScript', () => {
  it('takes comments, indentation and empty lines away', () => {
    expect(compactScript('# why\n\nif true; then\n  echo "a # b"  \n\t# more\nfi\n')).toBe(
      'if true; then\necho "a # b"\nfi',
    );
  });

  it.each(Object.entries(SCRIPTS))('changes nothing that %s depends on', (_name, text) => {
    // In a string of several lines, a line may neither start with a blank or a # nor be empty.
    let quote = '';
    for (const line of text.split('\n')) {
      if (quote !== '') expect(line).not.toMatch(/^(\s|#|$)/);
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
    it.each(Object.entries(SCRIPTS))('leaves %s well-formed', (_name, text) => {
      for (const script of [text, compactScript(text)]) {
        const { status, stderr } = spawnSync(shell, [...args, '-n', '-c', script], { encoding: 'utf8' });
        expect(stderr).toBe('');
        expect(status).toBe(0);
      }
    });
  });
});
