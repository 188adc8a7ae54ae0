/** Lists of any length, read in pages as kubectl reads them, so that no answer is larger than what is read of one. */

import type { ObjectMeta } from '../model/kube-objects.ts';
import type { KubeClient } from './client.ts';
import { ApiError, TooLargeError } from './errors.ts';

/** kubectl's --chunk-size and client-go's pager. */
const PAGE_SIZE = 500;
/** A page that is too large is asked for again at this fraction. */
const SMALLER = 8;
/** https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches; else the whole objects. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** How a list is asked for. */
export interface ListOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Names and labels alone: a tenth of the bytes for pods. */
  readonly metadataOnly?: boolean;
}

/** What a list has of one object with `metadataOnly`. */
export interface Named {
  readonly metadata?: ObjectMeta;
}

interface Page<T> {
  readonly items?: readonly T[] | null;
  readonly metadata?: { readonly continue?: string };
}

interface Part<T> {
  readonly items: readonly T[];
  /** Where the rest of the list is; empty: this was the end. */
  readonly next: string;
}

/**
 * Reads a list to its end.
 * @param pick what to keep of each page: whole pods of a large cluster are a gigabyte
 */
export async function listAll<T, R = T>(
  client: KubeClient,
  path: string,
  options: ListOptions = {},
  pick: (items: readonly T[]) => readonly R[] = (items) => items as unknown as readonly R[],
): Promise<R[]> {
  try {
    return await readPages(client, path, options, pick);
  } catch (error) {
    // The server has forgotten the state that the first page was of, which it keeps for five minutes.
    if (!(error instanceof ExpiredError)) throw error;
  }
  return readPages(client, path, options, pick);
}

/**
 * Reads the beginning of a list.
 * @param stale answered from the API server's memory, without a read of etcd: it may be a few seconds old
 * @returns `isWhole`: there is nothing beyond it, so what is not in it is not there
 */
export async function listSome<T>(
  client: KubeClient,
  path: string,
  atMost: number,
  { query, stale = false, ...options }: ListOptions & { readonly stale?: boolean } = {},
): Promise<{ readonly items: readonly T[]; readonly isWhole: boolean }> {
  const more = { limit: String(atMost), ...(stale ? { resourceVersion: '0' } : {}) };
  const { items, next } = await readPage<T>(client, path, { ...options, query: { ...query, ...more } });
  // From its memory, the server may answer with more than was asked for.
  return { items: items.slice(0, atMost), isWhole: next === '' && items.length <= atMost };
}

/** The pages that were read do not belong together with those that are left. */
class ExpiredError extends ApiError {}

async function readPages<T, R>(
  client: KubeClient,
  path: string,
  options: ListOptions,
  pick: (items: readonly T[]) => readonly R[],
): Promise<R[]> {
  const found: R[] = [];
  let size = PAGE_SIZE;
  for (let from: string | undefined; ; ) {
    const place = { limit: String(size), ...(from === undefined ? {} : { continue: from }) };
    try {
      const page: Part<T> = await readPage(client, path, {
        ...options,
        query: { ...options.query, ...place },
      });
      for (const one of pick(page.items)) found.push(one);
      if (page.next === '') return found;
      if (page.next === from) throw new ApiError(200, undefined, `the list ${path} does not end.`);
      from = page.next;
    } catch (error) {
      if (error instanceof ApiError && error.status === 410 && from !== undefined)
        throw new ExpiredError(error.status, error.reason, error.message);
      if (!(error instanceof TooLargeError) || size === 1) throw error;
      size = Math.ceil(size / SMALLER);
    }
  }
}

async function readPage<T>(
  client: KubeClient,
  path: string,
  { query, signal, metadataOnly = false }: ListOptions,
): Promise<Part<T>> {
  const { items, metadata } = await client.get<Page<T>>(path, {
    ...(query === undefined ? {} : { query }),
    ...(metadataOnly ? { accept: METADATA_ONLY } : {}),
    signal,
  });
  return { items: items ?? [], next: metadata?.continue ?? '' };
}
