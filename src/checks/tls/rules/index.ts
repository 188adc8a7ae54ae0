/** The rules of the tls check. */
import type { Rule } from '../../shared/rule.ts';
import type { TlsFacts } from '../facts.ts';
import { certificate } from './certificate.ts';
import { handshake } from './handshake.ts';
import { issuer } from './issuer-not-sent.ts';
import { wantsCertificate } from './wants-certificate.ts';

export const TLS_RULES: readonly Rule<TlsFacts>[] = [certificate, handshake, issuer, wantsCertificate];
