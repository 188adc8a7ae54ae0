/** What a page holds, and what it may do. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { lateText, watchText } from '../../../../src/console/late-formats.ts';
import type { AnyReport } from '../../../../src/console/print-report.ts';
import type { MatrixReport } from '../../../../src/model/matrix.ts';
import type { Json } from '../../../../src/model/report.ts';
import type { Watch } from '../../../../src/model/watch.ts';
import { render, renderMatrix } from '../../../../src/report/render.ts';
import { check, finding, report } from '../build.ts';
import { hostile, WORDS } from '../hostile.ts';
import { blindWatch, quietWatch, watch } from '../watches.ts';
import { diagnosis, list, matrixOf, recordedLatency, views, WAYS } from './pages.ts';

const page = (one: AnyReport | Watch): string =>
  one.kind === 'Watch' ? watchText(one, 'html') : lateText(one, 'html', views);

/** Every text in it, but what the program itself says by it, becomes hostile. */
function poisoned<T>(value: T): T {
  const KEPT = /^(?:kind|apiVersion|id|status|severity|verdict|outcome|packet|role|way|causedBy|startedAt)$/;
  const walk = (one: unknown): unknown => {
    if (typeof one === 'string') return `${one}${WORDS}"><img src=x onerror=alert(1)>`;
    if (Array.isArray(one)) return one.map(walk);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(
      Object.entries(one).map(([key, each]) => [key, KEPT.test(key) ? each : walk(each)]),
    );
  };
  return walk(value) as T;
}

/** Names of all elements and of all attributes. */
function markupOf(text: string): {
  readonly elements: readonly string[];
  readonly attributes: readonly string[];
} {
  const bare = text.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '<$1></$1>');
  const tags = [...bare.matchAll(/<([a-z0-9]+)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*\/?>/gi)];
  return {
    elements: [...new Set(tags.map(([, name = '']) => name))].sort(),
    attributes: [
      ...new Set(
        tags.flatMap(([, , own = '']) =>
          [...own.replace(/"[^"]*"/g, '""').matchAll(/\s([a-z-]+)(?==|\s|$)/gi)].map(([, name = '']) => name),
        ),
      ),
    ].sort(),
  };
}

const PAGES: readonly (readonly [string, AnyReport | Watch])[] = [
  ['a report', diagnosis],
  ['a report of nothing', report()],
  ['a hostile report', hostile],
  ['a list', list],
  ['an empty list', { ...list, items: [], failed: [], groups: [], verdict: 'unknown' }],
  ['a matrix', matrixOf(8)],
  ['a large matrix', matrixOf(120)],
  ['a matrix of nothing', { ...matrixOf(2), cells: [], findings: [] }],
  ['a watch', watch],
  ['a quiet watch', quietWatch],
  ['a watch of nothing', blindWatch],
  ['a poisoned watch', poisoned(watch)],
  ['a poisoned report', poisoned(diagnosis)],
  ['a poisoned list', poisoned(list)],
  ['a poisoned matrix', poisoned(matrixOf(5))],
];

describe.each(PAGES)('the page of %s', (_name, one) => {
  const text = page(one);

  it('runs what its policy names by hash, and nothing else, and loads nothing', () => {
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(text)?.[1] ?? '';
    const hashes = ['style', 'script'].map((name) => {
      const [own, ...more] = [...text.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))];
      expect(more).toEqual([]);
      return `${name}-src 'sha256-${createHash('sha256')
        .update(own?.[1] ?? '')
        .digest('base64')}'`;
    });
    expect(policy).toBe(`default-src 'none'; ${hashes.join('; ')}; base-uri 'none'; form-action 'none'`);
    // The policy stands before whatever it is to hold.
    expect(text.indexOf('Content-Security-Policy')).toBeLessThan(text.indexOf('<style>'));
  });

  it('has no element and no attribute but its own', () => {
    const { elements, attributes } = markupOf(text);
    const known = [
      'a',
      'article',
      'body',
      'dd',
      'details',
      'div',
      'dl',
      'dt',
      'figcaption',
      'figure',
      'h1',
      'h2',
      'h3',
      'head',
      'header',
      'html',
      'li',
      'line',
      'main',
      'meta',
      'ol',
      'p',
      'polygon',
      'polyline',
      'pre',
      'rect',
      'script',
      'section',
      'span',
      'strong',
      'style',
      'summary',
      'svg',
      'table',
      'tbody',
      'td',
      'text',
      'th',
      'thead',
      'title',
      'tr',
      'ul',
    ];
    expect(elements.filter((name) => !known.includes(name))).toEqual([]);
    expect(attributes.filter((name) => /^(?:on|style$|src|action)/.test(name))).toEqual([]);
    // A link leads to a place on the page alone.
    for (const [, to] of text.matchAll(/\shref="([^"]*)"/g)) expect(to).toMatch(/^#outage-\d+$/);
    expect(text).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    expect(text.replace(/<script>[\s\S]*<\/script>/, '')).not.toMatch(/undefined|NaN|\[object/);
  });

  it('closes what it opens', () => {
    const open: string[] = [];
    const bare = text.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '').replace(/<!doctype html>/, '');
    for (const [, slash, name = '', own] of bare.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>/gi)) {
      if (slash === '/') expect(open.pop()).toBe(name);
      else if (name !== 'meta' && !own?.endsWith('/')) open.push(name);
    }
    expect(open).toEqual([]);
  });
});

describe('the timeline of a watch', () => {
  const captionOf = (one: Watch): string | undefined => /<figcaption>Bands: ([^,]*)/.exec(page(one))?.[1];

  it('says how long its bands are: what is told every few seconds makes longer ones', () => {
    expect(captionOf(watch)).toBe('from the fastest to the slowest answer of 1 s each');
    const told = watch.destinations.map((one) => ({
      ...one,
      series: one.series.map((step, at) => (at % 5 === 4 ? step : { sent: 0, missed: 0 })),
    }));
    expect(captionOf({ ...watch, destinations: told })).toBe(
      'from the fastest to the slowest answer of at most 5 s each',
    );
  });
});

describe('the page of a report', () => {
  it('has each finding, its proof, its remedy and its command', () => {
    const text = page(diagnosis);
    const all = diagnosis.checks.flatMap(({ findings }) => findings);
    expect(all.length).toBeGreaterThan(3);
    for (const { id, summary } of all) {
      expect(text).toContain(`${id}: Title of ${id}`);
      expect(text).toContain(summary);
      expect(text).toContain(`Mend ${id}.`.replace('Mend NT-LAT-001.', 'Look at the queue:'));
    }
    expect(text.match(/1 packets transmitted, 0 received/g)).toHaveLength(3);
    expect(text).toContain(
      '<div class="command"><pre>kubectl nettools run pod/web-0 -- tc -s qdisc</pre></div>',
    );
  });

  it('tells a cause before what follows from it, and begins with it', () => {
    const text = page(diagnosis);
    expect(text).toContain('<p class="lead">Summary of NT-MTU-002.</p>');
    expect(text.indexOf('NT-MTU-002: Title')).toBeLessThan(text.indexOf('NT-MTU-001: Title'));
    expect(text).toContain('It follows from NT-MTU-002.');
  });

  it('leaves out no finding where they explain each other', () => {
    const circle = [
      finding('NT-A-001', 'warning', { causedBy: 'NT-B-001' }),
      finding('NT-B-001', 'critical', { causedBy: 'NT-A-001' }),
      finding('NT-C-001', 'info', { causedBy: 'NT-C-001' }),
    ];
    const text = page(report(check('mtu', { status: 'fail', findings: circle })));
    for (const { id } of circle) expect(text.match(new RegExp(`${id}: Title`, 'g'))).toHaveLength(1);
  });

  it('never says that all is well where something was not measured', () => {
    const lost = report(check('tls', { status: 'error' }), check('dns'));
    expect(page(lost)).toContain('No problems found in what could be measured; tls could not be.');
    expect(page(report(check('dns', { status: 'skip' })))).toContain('Nothing could be measured.');
    expect(page(report(check('dns')))).toContain('No problems found by these checks.');
  });

  it('plots each series of times on one axis, and says their numbers and what was lost', () => {
    const text = page(report(recordedLatency('loss')));
    const label = /<svg role="img"[^>]*aria-label="(Times of latency[^"]*)"/.exec(text)?.[1] ?? '';
    expect(label).toContain(
      '203.0.113.2:8080, icmp: round trip: median 20 µs, p95 28 µs, max 35 µs, 54 answers, 6 of 60 lost',
    );
    expect(text.match(/class="bar"/g)?.length).toBeGreaterThan(10);
    expect(text).toMatch(/<text class="dim" x="[\d.]+%" y="\d+" text-anchor="middle">100 µs<\/text>/);
  });

  it('draws the way: what was seen, what was not, what nobody watched, and where it was lost', () => {
    const text = page(report(check('path', { measurements: WAYS })));
    const labels = [...text.matchAll(/aria-label="(The way to [^"]*)"/g)].map(([, label]) => label);
    expect(labels).toEqual([
      'The way to svc/db:5432: not connected. pod/web-0: probe seen out, answer not seen; node/n1: probe seen in, not out; node/n2: probe not seen; pod/db-0: probe not seen, answer not seen',
      'The way to pod/cache-0:6379: not connected. pod/web-0: probe seen out, answer not seen; node/n1: probe not watched, answer not watched; pod/cache-0: probe seen in, answer seen out',
    ]);
    // What did not leave node/n1 is not lost on the wire behind it; the answer of the second is lost behind node/n1.
    expect(text.match(/× lost here/g)).toHaveLength(1);
    expect(text.match(/\? not watched/g)).toHaveLength(2);
  });

  it('is drawn of whatever a damaged bundle holds', () => {
    const OTHERS: readonly Json[] = [null, true, 'x', [], {}, [null], [[]], [{ timesMs: ['x', null, 1] }]];
    for (const id of ['latency', 'path', 'dns', 'throughput', 'conntrack', 'tls'])
      for (const other of OTHERS)
        for (const key of ['destinations', 'paths', 'servers', 'entries'])
          expect(page(report(check(id, { measurements: { [key]: other } })))).toContain('</html>');
  });
});

describe('the page of a list', () => {
  it('has each target with its findings, and what could not be opened', () => {
    const text = page(list);
    for (const name of ['pod/web-0 in default', 'pod/web-1 in shop', 'pod/web-2 in shop'])
      expect(text).toContain(name);
    expect(text).toContain('it does not run');
    expect(text.match(/<details>/g)).toHaveLength(2);
    for (const group of list.groups) expect(text).toContain(group.where);
  });
});

describe('the page of a matrix', () => {
  it('has a cell for each pair, with its sign, its heat and its words', () => {
    const text = page(matrixOf(8));
    expect(text.match(/<td[^>]*title="/g)).toHaveLength(8 * 7 + 8);
    expect(text).toContain(
      '<td class="lost" title="web-3 (n3) → web-0 (n0): nothing is answered; IPv4 198.51.100.0: echo lost, TCP 80 lost" data-worth="9000000">×</td>',
    );
    expect(text).toMatch(
      /<td class="soft" title="web-1 \(n1\) → web-2 \(n2\): echoes lost; [^"]*echo lossy 8 of 10/,
    );
    expect(text).toContain('full-size packets: no ping (1 pair)');
  });

  it('colours an answer by its time', () => {
    const times = [0.5, 1, 19, 99, 100];
    const base = matrixOf(6);
    const cells = times.map((ms, at) => ({
      source: 0,
      destination: at + 1,
      family: 4 as const,
      address: 'a',
      icmp: { outcome: 'reached' as const, ms, sent: 1, received: 1 },
    }));
    const heats = [...page({ ...base, cells }).matchAll(/<td class="(h\d)" title="web-0[^"]*→/g)].map(
      ([, heat]) => heat,
    );
    expect(heats).toEqual(['h1', 'h2', 'h3', 'h4', 'h5']);
  });

  it('folds many places by their nodes', () => {
    const text = page(matrixOf(101));
    expect(text).toContain('n0 (26)');
    expect(text.match(/<td[^>]*title="/g)).toHaveLength(4 * 4 + 4);
    expect(text).toContain('the worst of');
  });

  it('says what the table says', () => {
    const one: MatrixReport = matrixOf(4);
    const options = { colour: false, width: 100, failOn: 'critical' as const, tablesOf: () => [] };
    const lead = /pattern: (.*)/.exec(renderMatrix(one, 'table', options))?.[1] ?? '?';
    expect(page(one)).toContain(`<p class="lead">${lead}</p>`);
    expect(render(diagnosis, 'table', options)).toContain('cause: Summary of NT-MTU-002.');
  });
});
