import { describe, expect, it } from 'vitest';
import { parseTcpTransfer } from '../../../src/parsers/tcp-transfer.ts';
import { recording } from '../../recordings/recordings.ts';

const parsed = (name: string) => parseTcpTransfer(recording(name).stdout);

describe('parseTcpTransfer', () => {
  it('reads a transfer that got through', () => {
    expect(parsed('tcp-transfer-done')).toMatchObject({
      outcome: 'done',
      socket: { mss: 1448, outstanding: 0, backoff: 0 },
    });
  });

  it('reads one of which only the small segments arrive', () => {
    expect(parsed('tcp-transfer-stalled')).toMatchObject({
      outcome: 'stalled',
      socket: { mss: 1448, backoff: 3, selectivelyAcknowledged: 1, rtt: expect.any(Number) },
    });
  });

  it('takes a socket that the far side has closed for one that got through', () => {
    const stdout = 'address 192.0.2.1\nconnected\ninode 5\nafter 0.3 s more\n\n';
    expect(parseTcpTransfer(stdout)).toEqual({ address: '192.0.2.1', outcome: 'done' });
  });

  it("does not take another connection to the same place for the test's own", () => {
    const [head = '', info = ''] = recording('tcp-transfer-stalled').stdout.split('\n').slice(-3);
    const stdout = `address 192.0.2.1\nconnected\ninode 1\nafter 0.3 s more\n${head}\n${info}\n`;
    expect(parseTcpTransfer(stdout)).toEqual({ address: '192.0.2.1', outcome: 'done' });
  });

  it('tells why nothing was sent', () => {
    expect(parsed('tcp-transfer-refused')).toBe('Connection refused');
    expect(parseTcpTransfer('unresolved\n')).toBe('the name does not resolve on the target');
    expect(parseTcpTransfer('address 192.0.2.1\nconnected\ninode 1\nno-ss\n')).toEqual({
      code: 'no-tool',
      text: 'ss',
    });
    expect(parseTcpTransfer('address 192.0.2.1\n')).toBe('no connection within the time');
    expect(parseTcpTransfer('address 192.0.2.1\nconnected\ninode 1\n')).toBe('the transfer was cut off');
    expect(parseTcpTransfer('')).toBe('the transfer did not start');
  });
});
