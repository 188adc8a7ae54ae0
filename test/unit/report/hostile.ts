/** A report whose every remote word tries to be something else than text. */
import type { Report } from '../../../src/model/report.ts';
import { check, finding, report } from './build.ts';

export const WORDS = [
  '<script>alert("x")</script> & \'quotes\' ]]>',
  '`code` **bold** [link](http://evil.example/) ![i](x) | cell @everyone #1 ~~s~~ $x$',
  'www.evil.example \u001b[31mred\u0000 \u202e \ufffe \ud800 end',
].join('\n');

export const hostile: Report = {
  ...report(
    check('mtu', {
      status: 'fail',
      summary: WORDS,
      findings: [
        finding('NT-MTU-001', 'critical', {
          title: '# not a heading',
          summary: WORDS,
          evidence: [{ command: ['x', '```'], excerpt: `\`\`\`\`\n</failure>\n${WORDS}` }],
          remediation: '- not a list',
          causedBy: 'NT-MTU-002',
        }),
        finding('NT-SYS-001', 'info', { summary: '1. not a list either', evidence: [] }),
      ],
    }),
  ),
  target: { kind: 'pod', namespace: 'a"b<c', name: "it's&more", node: 'node\n1', address: '' },
};

/** One check of each status. */
export const mixed = report(
  check('mtu', {
    status: 'fail',
    summary: 'On the way to pod/far packets of 1500 bytes are lost.',
    findings: [
      finding('NT-MTU-002', 'warning'),
      finding('NT-MTU-001', 'critical', { subject: 'pod/far', causedBy: 'NT-MTU-002' }),
      finding('NT-SYS-001', 'info', { evidence: [] }),
    ],
  }),
  check('latency', { status: 'warn', findings: [finding('NT-LAT-001', 'warning')] }),
  check('tls', { status: 'error', summary: 'example.com could not be measured: no connection.' }),
  check('conntrack', { status: 'skip', summary: 'Nothing to judge.' }),
  check('dns'),
);
