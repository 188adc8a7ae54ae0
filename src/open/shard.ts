/** Which targets are a shard's: each is told by its name alone, so that those that come and go move no other. */
import { createHash } from 'node:crypto';
import type { Shard } from '../model/args.ts';
import type { RunTarget } from '../model/run.ts';

/** Whether what has this key is in the shard; without one, all is. */
export function isInShard(key: string, shard: Shard | undefined): boolean {
  return shard === undefined || shardOf(key, shard.count) === shard.index;
}

/** From 0. */
export function shardOf(key: string, count: number): number {
  return createHash('sha256').update(key).digest().readUInt32BE() % count;
}

/** What tells targets apart, whoever lists them. */
export function shardKey({ spec, namespace }: RunTarget): string {
  return JSON.stringify([namespace ?? null, spec]);
}
