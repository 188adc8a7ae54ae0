/** The image of a session's container: the daemon has it, or gets it. */
import type { DockerClient } from '../docker/client.ts';
import { DockerApiError } from '../docker/errors.ts';
import type { HostSources } from '../docker/host.ts';
import { parseImageName } from '../docker/image-name.ts';
import { hasImage, pullImage } from '../docker/pull.ts';
import { registryAuth } from '../docker/registry-auth.ts';
import type { SessionFlags } from '../model/args.ts';
import { UserError } from '../model/errors.ts';
import { withoutFullStop } from '../model/sentence.ts';

/** @throws {UserError} exit 3: it may not be pulled, or cannot be */
export async function ensureImage(
  client: DockerClient,
  image: string,
  flags: SessionFlags,
  sources: HostSources,
  options: { readonly signal: AbortSignal; readonly onProgress: (text: string) => void },
): Promise<void> {
  const { imagePullPolicy = 'IfNotPresent' } = flags;
  if (imagePullPolicy !== 'Always' && (await hasImage(client, image, options.signal))) return;
  if (imagePullPolicy === 'Never') {
    throw new UserError(
      `the Docker daemon has no image "${image}", and --image-pull-policy Never forbids pulling it.`,
      3,
    );
  }
  options.onProgress(`pulling image ${image}`);
  try {
    await pullImage(client, image, {
      auth: await registryAuth(parseImageName(image).registry, sources),
      signal: options.signal,
      onProgress: (text) => options.onProgress(`pulling image ${image}: ${text}`),
    });
  } catch (error) {
    if (!(error instanceof DockerApiError)) throw error;
    throw new UserError(`image "${image}" could not be pulled: ${withoutFullStop(error.message)}.`, 3, {
      hint: /unauthorized|denied|authentication/i.test(error.message)
        ? `Does it exist, and are you logged in (docker login) to ${parseImageName(image).registry}?`
        : '--image names another one; docker load brings one without a registry.',
      cause: error,
    });
  }
}
