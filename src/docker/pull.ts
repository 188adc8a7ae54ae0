/** Images of the daemon: is one there, and if not, pulled. */
import type { DockerClient } from './client.ts';
import { DockerApiError } from './errors.ts';
import { parseImageName } from './image-name.ts';

/** Whether the daemon has the image. */
export async function hasImage(client: DockerClient, image: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await client.get(`/images/${encodeImage(image)}/json`, { signal });
    return true;
  } catch (error) {
    if (error instanceof DockerApiError && error.status === 404) return false;
    throw error;
  }
}

/** The path of an image's name keeps its slashes. */
function encodeImage(image: string): string {
  return image.split('/').map(encodeURIComponent).join('/');
}

/** One line of the answer to a pull (API: ImageCreate). */
interface PullLine {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

/** What a pull takes beside the image's name. */
export interface PullOptions {
  /** X-Registry-Auth; absent: anonymous. */
  readonly auth: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told how far it is, in a few words. */
  readonly onProgress: (text: string) => void;
}

/** Pulls an image. @throws {DockerApiError} with the registry's own sentence; status 0 when it came in the middle */
export async function pullImage(client: DockerClient, image: string, options: PullOptions): Promise<void> {
  const { repository, tag } = parseImageName(image);
  const layers = new Map<string, { current: number; total: number }>();
  const lines = client.postLines<PullLine>('/images/create', {
    query: { fromImage: repository, ...(tag === '' ? {} : { tag }) },
    headers: options.auth === undefined ? {} : { 'X-Registry-Auth': options.auth },
    signal: options.signal,
  });
  for await (const line of lines) {
    if (line.error !== undefined) throw new DockerApiError(0, line.error);
    const { current, total } = line.progressDetail ?? {};
    if (line.status !== 'Downloading' || line.id === undefined || !current || !total) continue;
    layers.set(line.id, { current, total });
    const sum = (part: 'current' | 'total'): number =>
      [...layers.values()].reduce((bytes, layer) => bytes + layer[part], 0);
    options.onProgress(`${megabytes(sum('current'))} of ${megabytes(sum('total'))} MB`);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}
