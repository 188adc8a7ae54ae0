import type { RunTarget } from '../model/run.ts';

/** A target as it is typed: `pod/web-0`, `deploy/web`, `node/n1`. */
export function targetName({ spec }: Pick<RunTarget, 'spec'>): string {
  switch (spec.kind) {
    case 'name':
      return spec.name.includes('/') ? spec.name : `pod/${spec.name}`;
    case 'selector':
      return `-l ${spec.selector}`;
    case 'node':
      return `node/${spec.name}`;
    case 'docker':
      return `docker://${spec.name}`;
    case 'netns':
      return `netns:${spec.where}`;
    case 'pid':
      return `pid:${spec.pid}`;
    case 'local':
      return 'local';
  }
}
