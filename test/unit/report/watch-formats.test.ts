/** A watch as JUnit and as Markdown. */
import { describe, expect, it } from 'vitest';
import type { Watch } from '../../../src/model/watch.ts';
import { renderHtmlWatch } from '../../../src/report/html/watch.ts';
import { renderWatchJunit } from '../../../src/report/watch-junit.ts';
import { renderWatchMarkdown } from '../../../src/report/watch-markdown.ts';
import { renderWatch } from '../../../src/report/watch-table.ts';
import { verdictText } from '../../../src/report/watch-words.ts';
import { WORDS } from './hostile.ts';
import { blindWatch, watch } from './watches.ts';

/** Every text that comes from elsewhere tries to be something else. */
function poisoned(one: unknown, key = ''): unknown {
  if (typeof one === 'string')
    return /^(?:destination|text|name|node|namespace|error|excerpt|summary|title|remediation|unmeasured|pcap|bundle|failed)$/.test(
      key,
    )
      ? `${one}${WORDS}`
      : one;
  if (Array.isArray(one)) return one.map((each) => poisoned(each, key));
  if (typeof one !== 'object' || one === null) return one;
  return Object.fromEntries(Object.entries(one).map(([name, value]) => [name, poisoned(value, name)]));
}
const hostile = poisoned(watch) as Watch;

const [mark] = watch.outages.flatMap(({ findings }) => findings) as [
  Watch['outages'][number]['findings'][number],
];
const cut: Watch = {
  ...watch,
  gaps: [{ from: '2026-01-02T03:05:20.000Z', to: '2026-01-02T03:05:30.000Z', reason: 'restarted' }],
  destinations: watch.destinations.map((one) =>
    one.destination !== 'svc/db:5432 → db-0'
      ? one
      : {
          ...one,
          slowNames: [
            {
              server: '192.0.2.53',
              answer: 'silent',
              by: '192.0.2.54',
              from: '2026-01-02T03:05:40.000Z',
              findings: [{ ...mark, id: 'NT-DNS-009', severity: 'warning' }],
            },
          ],
        },
  ),
};

describe('probes that were not sent', () => {
  const destinations = watch.destinations.map((one, at) => (at === 0 ? { ...one, unsent: 20 } : one));
  const busy: Watch = { ...watch, destinations, outages: [], verdict: 'pass' };
  const told = 'svc/db:5432: 20 of 200 probes were not sent: the far side got no processor in time';

  it.each([
    ['a table', renderWatch(busy, { colour: false, width: 200 })],
    ['Markdown', renderWatchMarkdown(busy)],
    ['JUnit', renderWatchJunit(busy, 'critical')],
    ['a page', renderHtmlWatch(busy, { secondsOf: (time) => Date.parse(time) / 1000, sha256: () => '' })],
  ])('are told in %s', (_, text) => {
    expect(text).toContain(told);
  });

  it('are in what the verdict rests on', () => {
    expect(verdictText(busy)).toBe('every probe that was sent was answered; 20 probes were not sent in time');
  });
});

describe('a watch as JUnit', () => {
  it('has a case for each destination: what was away fails, and what was not measured is an error', () => {
    const text = renderWatchJunit(watch, 'critical');
    expect(text).toContain('name="pod/web-0 in shop" tests="4" failures="2" errors="1" skipped="0"');
    expect(text).toMatch(
      /name="svc\/db:5432" time="180\.000">\n +<failure message="[^"]+" type="NT-FW-001">/,
    );
    expect(text).toMatch(/name="svc\/db:5432 → db-0" time="180\.000">\n +<system-out>0 of 180 probes missed/);
    // Of an outage of which nothing is known it is no less one.
    expect(text).toMatch(
      /name="cache:6379" time="180\.000">\n +<failure message="outage 2: [^"]+" type="outage">/,
    );
    expect(text).toMatch(
      /name="nowhere" time="180\.000">\n +<error message="not measured: the image has no ping"/,
    );
  });

  it('fails from --fail-on on, as the exit code does', () => {
    const [first] = watch.outages as [Watch['outages'][number]];
    const mild: Watch = {
      ...watch,
      outages: [{ ...first, findings: first.findings.map((one) => ({ ...one, severity: 'warning' })) }],
    };
    expect(renderWatchJunit(mild, 'critical')).toContain('failures="0" errors="1"');
    expect(renderWatchJunit(mild, 'critical')).toContain('outage 1: 03:05:05');
    expect(renderWatchJunit(mild, 'warning')).toContain('failures="1" errors="1"');
  });

  it('has an error where the far side was lost', () => {
    expect(renderWatchJunit(blindWatch, 'critical')).toContain(
      '<error message="no outage, as long as it was watched; the far side was lost before the end">',
    );
  });

  it('has an error where some of the time was not measured, and tells names that another server had to answer', () => {
    const text = renderWatchJunit(cut, 'warning');
    expect(text).toMatch(
      /name="the whole time">\n +<error message="[^"]+">not measured: 03:05:20 until 03:05:30: /,
    );
    expect(text).toMatch(
      /name="svc\/db:5432 → db-0" time="180\.000">\n +<failure message="[^"]+" type="NT-DNS-009">/,
    );
  });

  it('holds hostile text as text', () => {
    const text = renderWatchJunit(hostile, 'critical');
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Surrogate}/u);
    expect(text).not.toMatch(/<script|]]>|&(?!amp;|lt;|gt;|quot;|apos;|#10;|#9;)/);
  });
});

describe('a watch as Markdown', () => {
  it('has a row for each destination, and a section for each outage', () => {
    const text = renderWatchMarkdown(watch);
    expect(text).toMatch(/^## pod\/web-0 in shop: fail$/m);
    expect(text).toMatch(/^\| svc\/db:5432 \| tcp \| 180 \| 3 \| 1\.7 % \|/m);
    expect(text).toMatch(/^### outage 1: 03:05:05 until 03:05:08 \(3\.0 s\), svc\/db:5432: 3 missed$/m);
    expect(text).toMatch(/^Diagnosis, while it lasted: more than that \(outage-1\.json\)$/m);
    expect(text).toMatch(/^Diagnosis: there is none: it took too long$/m);
  });

  it('says what was not measured, and which names were slow', () => {
    const text = renderWatchMarkdown(cut);
    expect(text).toMatch(/^### slow names: 03:05:40 and it lasts, svc\/db:5432 → db-0$/m);
    expect(text).toMatch(
      /^- not measured: 03:05:20 until 03:05:30: the far side was gone, and was started anew$/m,
    );
  });

  it('holds hostile text as text', () => {
    const text = renderWatchMarkdown(hostile);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|\p{Surrogate}/u);
    // Outside of code blocks nothing is markup, a link or a mention.
    const outside = text.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '');
    expect(outside).not.toMatch(/<script|@everyone|:\/\/|(?<!\\)\[link/);
  });
});
