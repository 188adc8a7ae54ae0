/** The rules of the tls check. */
import type { Rule } from '../../shared/rule.ts';
import type { TlsFacts } from '../facts.ts';
import { apiServerTrust } from './api-server-trust.ts';
import { certificate } from './certificate.ts';
import { handshake } from './handshake.ts';
import { issuer } from './issuer-not-sent.ts';
import { narrowHandshakes } from './narrow-way-back.ts';
import { noHttp2 } from './no-http2.ts';
import { oldVersion } from './old-version.ts';
import { unfinished } from './unfinished.ts';
import { wantsCertificate } from './wants-certificate.ts';
import { weakSignature } from './weak-signature.ts';

export const TLS_RULES: readonly Rule<TlsFacts>[] = [
  certificate,
  apiServerTrust,
  weakSignature,
  narrowHandshakes,
  handshake,
  oldVersion,
  unfinished,
  noHttp2,
  issuer,
  wantsCertificate,
];
