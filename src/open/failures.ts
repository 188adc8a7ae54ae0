/** What went wrong below, as one sentence for the user. */
import { ChannelError } from '../channels/channel.ts';
import { DockerApiError, DockerUnreachableError } from '../docker/errors.ts';
import { ApiError, isLackOfRights, refusedRight, UnreachableError } from '../kube/errors.ts';
import { RBAC_PAGE } from '../model/documentation.ts';
import { UserError } from '../model/errors.ts';
import { withoutFullStop } from '../model/sentence.ts';
import { GatherError } from '../probes/gather-error.ts';

export const RIGHTS_HINT = `${RBAC_PAGE} explains each right and has ready-made manifests.`;

/** Runs `work`; errors that have a known meaning come out as {@link UserError}, all others as they are. */
export async function withUserErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toUserError(error);
  }
}

/** The error as a {@link UserError}, where its meaning is known; else as it is. */
export function toUserError(error: unknown): unknown {
  if (error instanceof UserError) return error;
  if (error instanceof ApiError) {
    return new UserError(rightWords(error) ?? error.message, 3, {
      cause: error,
      ...rightsHint(error.status, error.message),
    });
  }
  if (error instanceof UnreachableError || error instanceof GatherError) {
    return new UserError(error.message, 3, { cause: error });
  }
  if (error instanceof DockerApiError) {
    return new UserError(`the Docker daemon refused: ${withoutFullStop(error.message)}.`, 3, {
      cause: error,
    });
  }
  if (error instanceof DockerUnreachableError) {
    const { hint } = error;
    return new UserError(error.message, 3, { cause: error, ...(hint === undefined ? {} : { hint }) });
  }
  if (error instanceof ChannelError) {
    if (error.kind === 'lost') return new UserError(`${error.message}.`, 3, { cause: error });
    return new UserError(error.kind === 'refused' ? refusalOf(error) : error.message, 3, {
      cause: error,
      ...rightsHint(error.status, error.message),
    });
  }
  return error;
}

/** Only where a role can help: a proxy or an admission webhook that says 403 has nothing to do with RBAC. */
function rightsHint(
  status: number | undefined,
  message: string,
): { readonly hint?: string; readonly lacksRights?: boolean } {
  return isLackOfRights(status, message) ? { hint: RIGHTS_HINT, lacksRights: true } : {};
}

/** These are in no namespace. */
const CLUSTER_WIDE = new Set(['namespaces', 'nodes']);

function refusalOf(error: ChannelError): string {
  return rightWords(error) ?? `the exec was refused: ${error.message}`;
}

/** `undefined`: it is about something else. */
function rightWords({ status, message }: Pick<ChannelError, 'status' | 'message'>): string | undefined {
  const right = refusedRight(status, message);
  if (right === undefined) return undefined;
  const { user, verb, resource, namespace, why } = right;
  const everywhere = CLUSTER_WIDE.has(resource) ? '' : ' in all namespaces';
  const place = namespace === undefined ? everywhere : ` in namespace "${namespace}"`;
  const more = why === undefined ? '' : ` (${withoutFullStop(why)})`;
  return `you may not ${verb} ${resource}${place}; the API server knows you as "${user}"${more}.`;
}
