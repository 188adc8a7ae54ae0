/** A watch that was saved, judged again by the evidence of its outages. Pure. */
import type { Watch } from '../model/watch.ts';
import { causesOf, slowNamesOf } from './cause.ts';
import { verdictOfWatch } from './verdict.ts';

/**
 * The same evidence gives the same findings; a newer version may know more of them. What a diagnosis said stays: its evidence
 * is in a bundle of its own.
 * @throws {Error} an outage is of no destination of the watch
 */
export function judgedAgain(watch: Watch): Watch {
  const { target, connection } = watch;
  const goals = new Map(watch.destinations.map((one) => [one.destination, one]));
  const destinations = watch.destinations.map((goal) => ({
    ...goal,
    ...(goal.slowNames === undefined
      ? {}
      : {
          slowNames: goal.slowNames.map((names) => ({
            ...names,
            findings: slowNamesOf(goal, names, target, connection),
          })),
        }),
  }));
  const outages = watch.outages.map((outage) => {
    const goal = goals.get(outage.destination);
    if (goal === undefined) throw new Error(`no destination is called ${outage.destination}`);
    return { ...outage, findings: causesOf(goal, outage, target, connection) };
  });
  return { ...watch, verdict: verdictOfWatch({ ...watch, destinations, outages }), destinations, outages };
}
