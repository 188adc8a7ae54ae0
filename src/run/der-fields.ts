/** What Node does not tell of a certificate, out of its DER (RFC 5280, 4.1). */

export interface DerFields {
  /** 1, 2 or 3. */
  readonly version: number;
  /** As they are encoded: names are the same where their bytes are. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
}

/** The tag of [0], which holds the version; absent: 1. */
const VERSION = 0xa0;

/** @throws {RangeError} it is no certificate */
export function derFields(der: Buffer): DerFields {
  const [tbs] = parts(content(der, 0));
  if (tbs === undefined) throw new RangeError('not a certificate');
  const all = parts(content(tbs, 0));
  const hasVersion = all[0]?.[0] === VERSION;
  // serialNumber, signature, issuer, validity, subject
  const [, , issuer, , subject] = hasVersion ? all.slice(1) : all;
  if (issuer === undefined || subject === undefined) throw new RangeError('not a certificate');
  return { version: hasVersion ? (all[0]?.at(-1) ?? 0) + 1 : 1, issuer, subject };
}

/** The elements of a SEQUENCE, each with its tag and its length. */
function parts(sequence: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < sequence.length; ) {
    const end = endOf(sequence, at);
    found.push(sequence.subarray(at, end));
    at = end;
  }
  return found;
}

function content(der: Buffer, at: number): Buffer {
  return der.subarray(at + headerOf(der, at).size, endOf(der, at));
}

function endOf(der: Buffer, at: number): number {
  const { size, length } = headerOf(der, at);
  const end = at + size + length;
  if (end > der.length) throw new RangeError('an element ends behind what it is part of');
  return end;
}

function headerOf(der: Buffer, at: number): { readonly size: number; readonly length: number } {
  const first = der.readUInt8(at + 1);
  if (first < 0x80) return { size: 2, length: first };
  const count = first - 0x80;
  return { size: 2 + count, length: der.readUIntBE(at + 2, count) };
}
