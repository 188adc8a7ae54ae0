import { expect, it } from 'vitest';
import { parseImageName } from '../../../src/docker/image-name.ts';

it.each([
  ['nginx', 'nginx', 'latest', 'docker.io'],
  ['nicolaka/netshoot:v0.13', 'nicolaka/netshoot', 'v0.13', 'docker.io'],
  ['ghcr.io/x/y', 'ghcr.io/x/y', 'latest', 'ghcr.io'],
  ['localhost:5000/app', 'localhost:5000/app', 'latest', 'localhost:5000'],
  ['localhost/nettools:dev', 'localhost/nettools', 'dev', 'localhost'],
  ['r.example:5000/a/b:1@sha256:ab', 'r.example:5000/a/b:1@sha256:ab', '', 'r.example:5000'],
])('%s', (name, repository, tag, registry) => {
  expect(parseImageName(name)).toEqual({ repository, tag, registry });
});
