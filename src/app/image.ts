/** Which image the session's container runs. */
import { defaultImage } from '../model/version.ts';

/** `--image`, else KUBECTL_NETTOOLS_IMAGE, else the image that this build names. */
export function imageFor(flag: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  return flag ?? (env['KUBECTL_NETTOOLS_IMAGE'] || defaultImage);
}
