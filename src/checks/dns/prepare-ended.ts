/** Containers of DNS servers that end again and again, or ended just now, as the kubelet reports them. */
import type { Pod } from '../../model/kube-objects.ts';
import type { EndedContainer } from './facts.ts';

/** What ended longer ago says nothing of the failures of now: the longest pause before a restart is 5 minutes. */
const RECENT_SECONDS = 600;

/** @param now in ms since 1970 */
export function endedContainers(pods: readonly Pod[], now: number): EndedContainer[] {
  return pods.flatMap(({ metadata, spec, status }) =>
    (status?.containerStatuses ?? []).flatMap(({ name, state, lastState, restartCount = 0 }) => {
      const last = state?.terminated ?? lastState?.terminated;
      const isWaiting = state?.waiting?.reason === 'CrashLoopBackOff';
      if (last?.finishedAt === undefined) return [];
      const ageSeconds = Math.max(0, Math.round((now - Date.parse(String(last.finishedAt))) / 1000));
      // One that ended as it was told to, or once with an error, is not what this is about.
      const isRecent = ageSeconds <= RECENT_SECONDS && last.reason === 'OOMKilled';
      if (!isRecent && !isWaiting) return [];
      const limit = spec?.containers.find((one) => one.name === name)?.resources?.limits?.['memory'];
      return [
        {
          pod: metadata?.name ?? '',
          container: name,
          reason: last.reason ?? 'ended',
          exitCode: last.exitCode,
          ageSeconds,
          restarts: restartCount,
          isWaiting,
          ...(limit === undefined ? {} : { memoryLimit: limit }),
        },
      ];
    }),
  );
}
