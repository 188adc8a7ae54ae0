import { describe, expect, it } from 'vitest';
import { defaultImage } from '../../../src/model/version.ts';
import { imageFor } from '../../../src/open/image.ts';

describe('imageFor', () => {
  it('takes what was asked for, else the image of this build', () => {
    expect(imageFor({})).toBe(defaultImage);
    expect(imageFor({ image: 'reg.example/x:1', mirror: 'mirror.example' })).toBe('reg.example/x:1');
  });

  it.each([
    ['ghcr.io/owner/nettools:0.1.0', 'mirror.example:5000', 'mirror.example:5000/owner/nettools:0.1.0'],
    [
      'ghcr.io/owner/nettools@sha256:0a',
      'mirror.example/hub/',
      'mirror.example/hub/owner/nettools@sha256:0a',
    ],
    ['localhost/nettools:dev', 'mirror.example', 'mirror.example/nettools:dev'],
    ['localhost:5000/nettools', 'mirror.example', 'mirror.example/nettools'],
    ['owner/nettools:1', 'mirror.example', 'mirror.example/owner/nettools:1'],
    ['nettools:1', 'mirror.example', 'mirror.example/nettools:1'],
  ])('%s from the mirror %s is %s', (own, mirror, image) => {
    expect(imageFor({ mirror }, own)).toBe(image);
  });
});
