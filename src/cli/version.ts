import type { OutputFormat } from '../model/args.ts';
import { commit, version } from '../model/version.ts';

export interface VersionArgs {
  readonly output: OutputFormat;
}

/** What `version` prints. */
export function versionText({ output }: VersionArgs): string {
  const facts = {
    version: `v${version}`,
    commit,
    platform: `${process.platform}/${process.arch}`,
    node: process.version,
  };
  if (output === 'json') return `${JSON.stringify(facts, null, 2)}\n`;
  if (output === 'yaml')
    return Object.entries(facts)
      .map(([key, value]) => `${key}: ${value}\n`)
      .join('');
  return `kubectl-nettools v${version} (commit ${commit})\n`;
}
