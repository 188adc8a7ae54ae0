/** What keeps a pod from a network. */
import { describe, expect, it } from 'vitest';
import type { CoreV1Event } from '../../../src/model/kube-objects.ts';
import { lastTrouble, withTrouble } from '../../../src/targets/sandbox-trouble.ts';

const event = (reason: string, message: string, lastTimestamp: string): CoreV1Event =>
  ({ reason, message, lastTimestamp }) as unknown as CoreV1Event;
const PLUGIN =
  'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "93963cffe862": plugin type="bridge" failed (add): no IP addresses available in range set: 198.18.1.1-198.18.1.239';

describe('events of a pod without a network', () => {
  it('tells the last words of the plugin', () => {
    const events = [
      event('FailedCreatePodSandBox', 'Failed to create pod sandbox: old', '2026-11-30T01:00:00Z'),
      event('FailedCreatePodSandBox', PLUGIN, '2026-11-30T02:00:00Z'),
      event('FailedMount', 'a volume', '2026-11-30T03:00:00Z'),
    ].reverse();
    expect(lastTrouble(events)).toBe(
      'failed to setup network: plugin type="bridge" failed (add): no IP addresses available in range set: 198.18.1.1-198.18.1.239',
    );
  });

  it('tells nothing of other troubles', () => {
    expect(lastTrouble([event('FailedMount', 'a volume', '2026-11-30T03:00:00Z')])).toBeUndefined();
  });

  it('goes before the full stop', () => {
    expect(withTrouble('it waits.', 'no address')).toBe('it waits: no address.');
    expect(withTrouble('it waits.', undefined)).toBe('it waits.');
  });
});
