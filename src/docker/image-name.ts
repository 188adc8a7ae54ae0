/** Names of images, as the distribution project's reference grammar has them. Pure. */

/** A name taken apart. */
export interface ImageName {
  /** What the engine pulls from: the name without tag; with a digest, that is part of it. */
  readonly repository: string;
  /** Empty when a digest says which image it is. */
  readonly tag: string;
  /** The registry as it is logged in to, such as `ghcr.io`; `docker.io` where none is named. */
  readonly registry: string;
}

/** Takes a name apart: `nginx`, `ghcr.io/x/y:1.2`, `localhost:5000/app@sha256:…`. */
export function parseImageName(name: string): ImageName {
  const [first = '', ...rest] = name.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const registry = hasRegistry ? first : 'docker.io';
  if (name.includes('@')) return { repository: name, tag: '', registry };
  const [, repository = name, tag = 'latest'] = /^(.+):([^/:]+)$/.exec(name) ?? [];
  return { repository, tag, registry };
}
