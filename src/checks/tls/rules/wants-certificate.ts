import { advice, nettools, TARGET } from '../../../model/advice.ts';
import { socketAddress } from '../../../model/socket-address.ts';
import { quote } from '../../shared/quote.ts';
import { occurrence, type Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import type { TlsFacts } from '../facts.ts';

const meta = {
  id: 'NT-TLS-004',
  title: 'The server refuses clients without a certificate',
  severities: ['info'],
  meaning:
    'The server wants a certificate of its clients (mutual TLS), and ends the connection of one that shows none. With TLS 1.3 the client believes that the handshake is done, sends its request, and then hears of a reset, an end of the stream or an alert ("certificate required"): it looks like a network that drops requests.',
  rule: 'openssl s_client gets the certificate and a request for one of its own, and a connection that is held for a second is ended with an alert about it. A server that asks and lets clients without one in is none of these.',
  source: 'RFC 8446, 4.3.2 (CertificateRequest) and 6.2 (certificate_required)',
  remedy: advice`Give the client its certificate and key, of an authority that the server trusts: ${nettools`run ${TARGET} -- openssl s_client -connect HOST:PORT`} prints those under "Acceptable client certificate CA names". In a service mesh this is another sidecar's port: reach it through a sidecar, or let it take plain text (PERMISSIVE).`,
} as const;

export const wantsCertificate: Rule<TlsFacts> = {
  meta,
  judge: ({ paths }) =>
    byEndpoint(
      paths.map(({ server: { destination }, answer, result }) => ({
        destination,
        findings:
          answer.value?.wantsCertificate === undefined
            ? []
            : [
                occurrence(
                  meta,
                  'info',
                  `${destination.label} (${socketAddress(destination.host, destination.port)}) wants a certificate of its clients, and ends the connection of one that has none, openssl says "${answer.value.wantsCertificate}".`,
                  quote(result, /^wants-certificate /, 1),
                  { subject: destination.label },
                ),
              ],
      })),
    ),
};
