import { expect, it } from 'vitest';
import { isImageName, isImagePlace } from '../../../src/cli/image-name.ts';

const digest = `sha256:${'0a'.repeat(32)}`;

it.each([
  'nginx',
  'nginx:1.27',
  'library/nginx',
  'ghcr.io/kubectl-nettools/nettools:v0.1.0',
  'localhost/app:1',
  'localhost:5000/a/b/c:x_Y.z-1',
  'REGISTRY.example:443/team/tool',
  '[2001:db8::1]:5000/app',
  '198.51.100.1:5001/tools:1',
  'a__b/c-d---e/f.g_h',
  `app@${digest}`,
  `ghcr.io/x/y:1.2@${digest}`,
])('%s can be an image', (name) => {
  expect(isImageName(name)).toBe(true);
});

it.each([
  '',
  'Not An Image',
  'Nginx',
  'nginx:',
  ':1',
  'nginx:1:2',
  'a//b',
  '/nginx',
  'nginx/',
  'a..b',
  'https://ghcr.io/x/y',
  'ghcr.io/x/y@sha256:12',
  `nginx:${'t'.repeat(129)}`,
  'nginx\n',
  '--privileged',
])('%j can not', (name) => {
  expect(isImageName(name)).toBe(false);
});

it('is told in a moment of a long name, too', () => {
  expect(isImageName(`${'a-'.repeat(50_000)}!`)).toBe(false);
});

it.each(['registry.example', 'registry.example:5000/team/mirror', 'localhost:5000/', 'mirror'])(
  '%s can be a place of images',
  (place) => {
    expect(isImagePlace(place)).toBe(true);
  },
);

it.each(['', 'https://registry.example', 'registry.example/Team', 'a b', '/team', 'registry.example:port'])(
  '%j can not',
  (place) => {
    expect(isImagePlace(place)).toBe(false);
  },
);
