import { meta } from '../../shared/metas/narrow-way-back.ts';
import type { Rule } from '../../shared/rule.ts';
import { byEndpoint } from '../../shared/service-story.ts';
import { narrowWayBack } from '../../shared/small-segments.ts';
import type { TlsFacts } from '../facts.ts';

export const narrowHandshakes: Rule<TlsFacts> = {
  meta,
  judge: ({ paths }) =>
    byEndpoint(
      paths.map(({ server: { destination }, small }) => ({
        destination,
        findings: narrowWayBack(destination, 'its part of the TLS handshake', small),
      })),
    ),
};
