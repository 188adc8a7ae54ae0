import { describe, expect, it } from 'vitest';
import { parseDrops } from '../../../src/parsers/drops.ts';

// As nettools-drops printed it on Linux 6.18 for rules made by hand in a namespace.
const SEEN = `{"watching":{"kernel":"6.18.44-fc-v857","own":"4026531833","namespaces":37}}
{"place":{"reason":"NETFILTER_DROP","function":"nft_do_chain","namespace":"4026534869","packets":2,"bytes":110}}
{"flow":{"reason":"NETFILTER_DROP","function":"nft_do_chain","namespace":"4026534869","packets":1,"bytes":80,"interface":1,"ethertype":34525,"protocol":6,"source":"::1","destination":"::1","sourcePort":0,"destinationPort":78}}
{"flow":{"reason":"NETFILTER_DROP","function":"nft_do_chain","namespace":"4026534869","packets":1,"bytes":30,"interface":0,"ethertype":2048,"protocol":17,"source":"127.0.0.1","destination":"127.0.0.1","sourcePort":0,"destinationPort":77}}
{"end":{"seconds":4.01,"namespaces":37,"flowsMissed":0,"placesMissed":0,"withoutNamespace":0,"unseen":0}}
`;

describe('parseDrops', () => {
  it('reads places, flows and the end', () => {
    const watch = parseDrops(SEEN);
    expect(watch).toMatchObject({
      kernel: '6.18.44-fc-v857',
      own: '4026531833',
      places: [{ reason: 'NETFILTER_DROP', function: 'nft_do_chain', packets: 2 }],
      end: { seconds: 4.01, namespaces: 37, unseen: 0 },
    });
    expect(watch?.flows).toHaveLength(2);
    expect(watch?.flows[0]).toMatchObject({ source: '::1', destinationPort: 78 });
    expect(watch?.flows[0]).not.toHaveProperty('icmpType');
  });

  it('has no end where it was killed', () => {
    expect(parseDrops(SEEN.replace(/\{"end.*\n/, ''))).not.toHaveProperty('end');
  });

  it.each(['', 'hello\n', '{"place":{}}\n'])('is nothing of %j', (text) => {
    expect(parseDrops(text)).toBeUndefined();
  });
});
