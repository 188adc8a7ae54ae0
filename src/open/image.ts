/** Which image the session's container runs. */
import type { SessionFlags } from '../model/args.ts';
import { defaultImage } from '../model/version.ts';

/** The image that was asked for, else the one that this build names, from the mirror if there is one. */
export function imageFor(
  { image, mirror }: Pick<SessionFlags, 'image' | 'mirror'>,
  ofThisBuild: string = defaultImage,
): string {
  if (image !== undefined) return image;
  return mirror === undefined ? ofThisBuild : `${mirror.replace(/\/+$/, '')}/${withoutRegistry(ofThisBuild)}`;
}

/** The first part of a name is a registry when it could be a host: docker/distribution, reference.splitDockerDomain. */
function withoutRegistry(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? rest.join('/') : image;
}
