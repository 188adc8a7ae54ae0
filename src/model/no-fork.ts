/** Whether a far side could not start a process. Pure. */

/** What dash, busybox and bash say where no process can be made. */
const NO_FORK = /(?:can't|cannot) fork|fork: .*(?:unavailable|try again)/i;

/** @param said what came on stderr */
export function saysNoFork(said: string): boolean {
  return NO_FORK.test(said);
}
