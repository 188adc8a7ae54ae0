/** NT-SVC-028: a container that ends by a variable of a Service, in words. Pure. */
import { type Advice, advice, type Command, kubectl } from '../../model/advice.ts';
import type { Occurrence } from '../../model/finding.ts';
import { meta } from './metas/misread-link.ts';
import { quoteApi } from './quote.ts';
import { occurrence } from './rule.ts';

/** A container that ends by a variable of a Service; plain JSON. */
export interface MisreadLink {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** It is the last run that has ended, and another one follows. */
  readonly isPrevious: boolean;
  /** `Error, exit code 1`. */
  readonly ended: string;
  readonly service: string;
  readonly variable: string;
  readonly value: string;
  /** What has the pod's template: `deployment/web`. */
  readonly template?: string;
}

/** What is known of pods whose containers end. */
export interface LinkTrouble {
  /** Its log says so. */
  readonly misread?: MisreadLink;
  /** It may be so: nobody could read the log, or it complains of a port without saying of which setting. */
  readonly suspected?: MisreadLink;
}

/** @param consequence what follows for the destination, as the end of the sentence */
export function misreadLink(link: MisreadLink, subject: string, consequence: string): Occurrence {
  const { namespace, pod, container, ended, service, variable, value } = link;
  return occurrence(
    meta,
    'critical',
    `Container ${container} of pod ${pod} ends (${ended}) since Kubernetes sets ${variable}=${value} in it for Service ${service}, which its program reads as a setting of its own and complains of${consequence}.`,
    [
      quoteApi(logOf(link), `the last lines complain of ${variable} (they are not kept)`),
      quoteApi(
        kubectl`get pod -n ${namespace} ${pod} -o yaml`,
        `enableServiceLinks is not false, and container ${container} does not set ${variable}`,
      ),
    ],
    { subject, remediation: remedyFor(link) },
  );
}

function remedyFor({ namespace, service, container, variable, template }: MisreadLink): Advice {
  const where = template === undefined ? "the pod's spec" : `the pod template of ${template}`;
  const told = `Set enableServiceLinks: false in ${where}, if nothing in the pod uses variables of Services on purpose. Or set ${variable} in the env of container ${container} to what its program wants; or give Service ${service} another name, and start the pods anew.`;
  return template === undefined
    ? told
    : advice`${told}\n${kubectl`patch -n ${namespace} ${template} -p '{"spec":{"template":{"spec":{"enableServiceLinks":false}}}}'`}`;
}

/** Whether that is it, is for people to see. */
export function suspicionOf(link: MisreadLink): Advice {
  const { container, service, variable, value } = link;
  return advice` Possible: Kubernetes sets ${variable}=${value} in container ${container} for Service ${service}; if its log complains of a port, its program takes that for its own setting, and enableServiceLinks: false in the pod's spec ends it.\n${logOf(link)}`;
}

function logOf({ namespace, pod, container, isPrevious }: MisreadLink): Command {
  return isPrevious
    ? kubectl`logs --previous -n ${namespace} ${pod} -c ${container}`
    : kubectl`logs -n ${namespace} ${pod} -c ${container}`;
}
