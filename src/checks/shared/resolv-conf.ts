/** /etc/resolv.conf of the target, as all checks read it. Pure. */
import type { ProbeResult } from '../../model/evidence.ts';
import { parseResolvConf, type ResolvConf } from '../../parsers/resolv-conf.ts';
import { firstLine, type Measured, read } from './measured.ts';

/** Words that begin its lines (resolv.conf(5)), and signs of a comment. */
const KNOWN = /^\s*(nameserver|search|domain|options|sortlist|[#;])/m;

/** A file without a word in it is a resolv.conf too; one that is not there, or says something else, is none. */
export function resolvConfOf(result: ProbeResult | undefined): Measured<ResolvConf> {
  return read(result, 'cat', (text, { code, stderr }) => {
    if (text.trim() !== '' && !KNOWN.test(text)) return 'what is there is not a resolv.conf';
    return code === 0 || text !== ''
      ? parseResolvConf(text)
      : (firstLine(stderr) ?? `cat ended with code ${code}`);
  });
}
