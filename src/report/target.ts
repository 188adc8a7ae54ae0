/** A target as reports name it. Pure; the words may come from a hostile place and are not escaped here. */
import type { TargetInfo } from '../model/report.ts';
import type { FailedTarget } from '../model/report-list.ts';

/** Typed like this, it is the same target again: `pod/web`, `node/n1`, `docker://db`, `netns:blue`, `pid:7`, `local`. */
export function targetWord({ kind, name }: TargetInfo): string {
  switch (kind) {
    case 'pod':
    case 'node':
      return `${kind}/${name}`;
    case 'docker':
      return `docker://${name}`;
    case 'netns':
    case 'pid':
      return `${kind}:${name}`;
    case 'local':
      return `local (${name})`;
  }
}

/** `pod/web in shop`, `node/n1, network namespace blue`. */
export function targetTitle(target: TargetInfo): string {
  const { namespace, netns } = target;
  const title = namespace === undefined ? targetWord(target) : `${targetWord(target)} in ${namespace}`;
  return netns === undefined ? title : `${title}, network namespace ${netns}`;
}

/** Its address and node, as far as they are known: `198.51.100.7 on n1`; empty where nothing is. */
export function targetPlace({ address, node = '' }: TargetInfo): string {
  return [address, node === '' ? '' : `on ${node}`].filter((w) => w !== '').join(' ');
}

/** The same of a target that there is no report of: `pod/web in shop`. */
export function failedTitle({ target, namespace }: FailedTarget): string {
  return namespace === undefined ? target : `${target} in ${namespace}`;
}
