import { advice, kubectl } from '../../../model/advice.ts';
import { quote, quoteApi } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { type GatewayFacts, kubectlName, nameOf, type Trouble } from '../facts.ts';

const meta = {
  id: 'NT-GW-008',
  title: 'The certificate that the gateway should serve is not there',
  severities: ['critical'],
  meaning:
    "The Ingress or the listener names a Secret for the host's certificate, and there is none of that name in its namespace, or it names none. Controllers serve a certificate of their own then, which holds for no name that clients ask for. A Secret of another namespace does not count.",
  rule: 'A DEST that is an https URL has a certificate that does not hold, and an Ingress with a rule and a TLS entry for its host names a Secret that the API does not have in its namespace, or none; likewise a listener of a Gateway. What is in Secrets is not read.',
  source: 'Kubernetes documentation, "Ingress", TLS',
  remedy: "Make the Secret in the Ingress's namespace, or name one that is there.",
  explains: { depth: 649, subject: ['NT-TLS'] },
} as const;

function saidOf({ secret, namespace }: Extract<Trouble, { kind: 'no-secret' }>, host: string): string {
  return secret === undefined
    ? `names no Secret for ${host} (tls: secretName), so the gateway serves its own default certificate`
    : `names Secret ${secret} for ${host}, which is not in ${namespace}; the gateway serves another certificate in its place`;
}

export const noSecret: Rule<GatewayFacts> = {
  meta,
  judge: ({ requests }) =>
    requests.flatMap(({ asked, fronts, isUntrusted, trustResult }) =>
      !isUntrusted
        ? []
        : fronts.flatMap(({ troubles }) =>
            troubles.flatMap((trouble) =>
              trouble.kind !== 'no-secret'
                ? []
                : [
                    occurrence(
                      meta,
                      'critical',
                      `${asked.destination.url} has a certificate that does not hold: ${nameOf(trouble.object)} ${saidOf(trouble, asked.host)}.`,
                      [
                        trouble.secret === undefined
                          ? quoteApi(
                              kubectl`get ${kubectlName(trouble.object)} -o yaml`,
                              'no secretName for it',
                            )
                          : quoteApi(
                              kubectl`get secret -n ${trouble.namespace} ${trouble.secret}`,
                              'there is no such Secret',
                            ),
                        ...quote(trustResult, /curl/, 1),
                      ],
                      {
                        subject: asked.destination.label,
                        remediation: advice`${meta.remedy}\n${kubectl`get secrets -n ${trouble.namespace} --field-selector type=kubernetes.io/tls`}`,
                      },
                    ),
                  ],
            ),
          ),
    ),
};
