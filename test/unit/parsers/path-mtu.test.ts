import { describe, expect, it } from 'vitest';
import { allowedMtu, type PathMtu, parsePathMtu } from '../../../src/parsers/path-mtu.ts';
import { recording } from '../../recordings/recordings.ts';

function parsed(name: string): PathMtu {
  const path = parsePathMtu(recording(name).stdout);
  if (typeof path === 'string' || 'refused' in path) throw new Error(JSON.stringify(path));
  return path;
}

describe('parsePathMtu', () => {
  it('reads a path that carries what the interface allows', () => {
    expect(parsed('path-mtu-full')).toMatchObject({
      link: { device: 'eth0', mtu: 1500 },
      announcements: [],
      pathMtu: 1500,
    });
  });

  it('reads what a router says', () => {
    const path = parsed('path-mtu-announced');
    expect(path.pathMtu).toBe(1400);
    expect(path.announcements).toEqual([expect.stringMatching(/^From 198\.18\.1\.1 .*mtu = 1400/)]);
  });

  it('reads a search in silence', () => {
    const path = parsed('path-mtu-black-hole');
    expect(path).toMatchObject({ pathMtu: 1400, announcements: [] });
    expect(path.tries).toEqual([
      { size: 84, sent: 2, received: 2 },
      { size: 1500, sent: 3, received: 0 },
      { size: 1400, sent: 2, received: 2 },
      { size: 1401, sent: 3, received: 0 },
    ]);
  });

  it('knows no path MTU where nobody answers', () => {
    expect(parsed('path-mtu-no-answer').pathMtu).toBeUndefined();
  });

  it('tells why there is nothing', () => {
    expect(parsePathMtu(recording('path-mtu-busybox').stdout)).toBe('no-df');
    expect(parsePathMtu('address 192.0.2.1\nloopback\n')).toBe('loopback');
    expect(parsePathMtu('refused ping: nosuch.example: Name or service not known\n')).toEqual({
      refused: 'nosuch.example: Name or service not known',
    });
    expect(parsePathMtu('address 192.0.2.1\nbytes 84 sent 2 received 2\n')).toBe('cut');
    expect(parsePathMtu('')).toBe('cut');
  });
});

describe('allowedMtu', () => {
  it("is the lower one of the interface's and the route's", () => {
    const path = parsed('path-mtu-full');
    expect(allowedMtu(path)).toBe(1500);
    expect(allowedMtu({ ...path, routeMtu: 1450 })).toBe(1450);
    expect(allowedMtu({ ...path, routeMtu: 9000 })).toBe(1500);
    expect(allowedMtu({ ...path, link: undefined })).toBeUndefined();
  });
});
