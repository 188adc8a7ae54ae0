/** A page that is whole in one file: it loads nothing, and runs only what its policy names by hash. Pure. */
import { html, type Markup, type Part, trusted } from './markup.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** What a page needs besides the report. */
export interface PageOptions {
  /** SHA-256 of a text in UTF-8, in base64: reporters are pure and have no cryptography. */
  readonly sha256: (text: string) => string;
}

interface Page {
  readonly title: string;
  /** A word for the whole. */
  readonly verdict: string;
  /** Where, when, how long. */
  readonly facts: readonly (readonly [string, string])[];
  readonly body: Part;
}

/** Ends with a newline. */
export function page({ title, verdict, facts, body }: Page, { sha256 }: PageOptions): string {
  // Of the policy only the hashes are not constant, and these are base64.
  const policy = `default-src 'none'; style-src 'sha256-${sha256(STYLE)}'; script-src 'sha256-${sha256(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${trusted(`<meta http-equiv="Content-Security-Policy" content="${policy}">`)}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}: ${verdict}</title>
${trusted(`<style>${STYLE}</style>`)}
</head>
<body>
<header>
<h1>${title} ${badge(verdict)}</h1>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>
<main>
${body}
</main>
${trusted(`<script>${SCRIPT}</script>`)}
</body>
</html>
`.text;
}

/** What stands in a coloured field, and is a word all the same. */
export function badge(word: string): Markup {
  return html`<strong class="badge ${word}">${word}</strong>`;
}

/** What is common to all reports. */
export function runFacts({
  startedAt,
  durationMs,
  tool,
}: {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly tool: { readonly version: string };
}): (readonly [string, string])[] {
  return [
    ['started', startedAt],
    ['took', `${(durationMs / 1000).toFixed(1)} s`],
    ['by', `kubectl-nettools ${tool.version}`],
  ];
}
