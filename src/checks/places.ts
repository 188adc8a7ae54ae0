// Made by "npm run generate" from the folders of src/checks: do not edit.
import type { InputOf } from '../model/check.ts';
import type { Places } from '../model/place.ts';
import dns from './dns/places.ts';
import docker from './docker/places.ts';
import drops from './drops/places.ts';
import firewall from './firewall/places.ts';
import latency from './latency/places.ts';
import path from './path/places.ts';
import type { CHECKS, CheckId } from './registry.ts';
import throughput from './throughput/places.ts';

/** What a check does at places beside the target; absent: nothing. */
export const PLACES: { readonly [Id in CheckId]?: Places<InputOf<(typeof CHECKS)[Id]>> } = {
  dns,
  docker,
  drops,
  firewall,
  latency,
  path,
  throughput,
};
