import { describe, expect, it } from 'vitest';
import { parseInterfaces } from '../../../src/parsers/ip-addr.ts';
import { jsonObjects, parseJson } from '../../../src/parsers/json.ts';
import { parseQdiscs } from '../../../src/parsers/tc.ts';

// As iproute2 6.1 printed them, of a bridge that was named with printf 'e\033[31m', and one of "q'x".
const HOSTILE = `[{"ifindex":2,"ifname":"e\u001b[31m","operstate":"DOWN","addr_info":[]},{"ifindex":3,"ifname":"q\\'x"}]`;

describe('JSON that a tool prints', () => {
  it('is read whatever an interface is called', () => {
    expect(() => JSON.parse(HOSTILE)).toThrow(SyntaxError);
    expect(parseInterfaces(HOSTILE)?.map(({ name }) => name)).toEqual(['e\u001b[31m', "q'x"]);
    expect(parseQdiscs('[{"kind":"tbf","dev":"e\u0001"}]')?.[0]?.device).toBe('e\u0001');
  });

  it('keeps what is legal as it is', () => {
    const legal = [{ name: 'a\\"\n\t\u001b\u007f\u202e\u{1f642}', '"': ['\\', '\\\\'] }];
    expect(jsonObjects(JSON.stringify(legal, null, 2))).toEqual(legal);
    // Mended too: one string that is not legal beside those that are.
    const mixed = JSON.stringify([...legal, { name: 'x' }]).replace('"x"', '"\u0000\u001b"');
    expect(jsonObjects(mixed)).toEqual([...legal, { name: '\u0000\u001b' }]);
  });

  it.each(['', '[', '[{"a":"', '[{"a":"\u001b', '[{"a":"b\\', '"\\', 'ip: unknown', '[]]'])(
    '%j is none',
    (text) => expect(parseJson(text)).toBeUndefined(),
  );

  it('is read in time that grows with its length alone', () => {
    const long = `[{"a":"${'\u001b\\"'.repeat(200_000)}"}]`;
    expect(jsonObjects(long)?.[0]?.['a']).toHaveLength(400_000);
  });
});
