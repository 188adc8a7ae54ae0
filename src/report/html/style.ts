/** The one style sheet of all pages. No style attribute stands beside it: its policy allows none. */
export const STYLE = `
:root{--ink:#1b1f24;--dim:#57606a;--paper:#fff;--field:#f3f4f6;--line:#d0d7de;--link:#0550ae;
--good:#0f6b2e;--good-field:#dcf5e3;--warn:#7a4b00;--warn-field:#fff0cc;--bad:#a40e26;--bad-field:#ffe3e6;--mark:#0a4f9e}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9da7b3;--paper:#0d1117;--field:#161b22;--line:#3d444d;--link:#79b8ff;
--good:#6fdd8b;--good-field:#0f2c19;--warn:#f0c14b;--warn-field:#33260a;--bad:#ff9aa5;--bad-field:#3b1219;--mark:#79b8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,"DejaVu Sans",sans-serif}
h1{font-size:1.5rem;line-height:1.3;margin:.2em 0;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:1.6em 0 .5em;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.2em 0 .3em;overflow-wrap:anywhere}p{margin:.4em 0;overflow-wrap:anywhere}a{color:var(--link)}
.facts{display:flex;flex-wrap:wrap;gap:.2em 1.5em;margin:0;color:var(--dim);font-size:.9rem}.facts div{display:flex;gap:.4em;min-width:0}
dt::after{content:":"}dd{margin:0;overflow-wrap:anywhere}
.lead{font-size:1.1rem;border-left:.3rem solid var(--mark);padding:.2em .8em;margin:1em 0}
.badge{display:inline-block;font-size:.85rem;font-weight:600;line-height:1.4;padding:0 .5em;border-radius:.3em;border:1px solid;vertical-align:middle}
.pass,.better,.gone{color:var(--good);background:var(--good-field)}.warn,.warning,.unknown,.error{color:var(--warn);background:var(--warn-field)}
.fail,.critical,.worse,.new{color:var(--bad);background:var(--bad-field)}.info,.skip,.same{color:var(--dim);background:var(--field)}
.finding{border:1px solid var(--line);border-left-width:.3rem;border-radius:.3em;padding:.2em .9em .6em;margin:.8em 0}
.finding.critical,.finding.warning,.finding.info{background:none;color:inherit}.finding.critical{border-left-color:var(--bad)}.finding.warning{border-left-color:var(--warn)}
.finding.follows{margin-left:1.2rem}
pre{margin:.4em 0;padding:.5em .7em;background:var(--field);border-radius:.3em;white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem/1.45 ui-monospace,"DejaVu Sans Mono",monospace}
.command{display:flex;gap:.5em;align-items:start}.command pre{flex:1;min-width:0;-webkit-user-select:all;user-select:all}
button{font:inherit;font-size:.85rem;color:var(--ink);background:var(--field);border:1px solid var(--line);border-radius:.3em;padding:.25em .6em;min-height:2rem;cursor:pointer}
.command button{margin-top:.4em}
:focus-visible{outline:2px solid var(--mark);outline-offset:1px}
.scroll{overflow-x:auto;margin:.5em 0}
table{border-collapse:collapse;font-size:.9rem}caption{text-align:left;color:var(--dim)}
th,td{text-align:left;padding:.25em .7em;border-bottom:1px solid var(--line);vertical-align:top}
thead th{color:var(--dim);font-weight:600;font-size:.85em}.right{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td{overflow-wrap:break-word}td.long{min-width:14rem}
svg{display:block;width:100%;max-width:46rem;color:var(--ink);font:.8rem system-ui,"DejaVu Sans",sans-serif}
svg text{fill:currentColor;paint-order:stroke;stroke:var(--paper);stroke-width:3px}.box~text{stroke:none}svg .dim{fill:var(--dim)}.grid{stroke:var(--line)}.bar{fill:var(--mark)}.band{fill:var(--mark);fill-opacity:.35}.outage{fill:var(--bad);fill-opacity:.3;stroke:var(--bad)}.median{stroke:var(--ink)}
.box{fill:var(--field);stroke:var(--line)}.yes{stroke:var(--good)}.no{stroke:var(--bad)}.unwatched{stroke:var(--dim)}
svg text.yes{fill:var(--good);stroke:none}svg text.no{fill:var(--bad);stroke:none}svg text.unwatched{fill:var(--dim);stroke:none}
.map{border-collapse:separate;border-spacing:1px;font-size:.8rem}
.map th,.map td{border:0;padding:0 .3em;height:1.7rem;vertical-align:middle}
.map td{text-align:center;min-width:1.7rem;background:var(--field);font-weight:600}
.map thead th{text-align:center}.map tbody th{white-space:nowrap;text-align:left;font-weight:400;position:sticky;left:0;background:var(--paper)}
.map thead button{padding:0 .3em;min-width:1.7rem;min-height:1.7rem}
.map .h1{background:#d7f0dc;color:#10391c}.map .h2{background:#b5e2bf;color:#0f3319}.map .h3{background:#f6e7a8;color:#3d2f00}.map .h4{background:#f4c98a;color:#452700}.map .h5{background:#e8a878;color:#3a1600}
.map .lost{background:#a40e26;color:#fff}.map .part{background:#f7b8bf;color:#4d0611}.map .soft{background:#ffe08a;color:#3d2c00}
.map .at{outline:2px solid var(--mark);outline-offset:-1px}
.told{min-height:3em;color:var(--dim)}
.keys{display:flex;flex-wrap:wrap;gap:.3em 1.2em;list-style:none;padding:0;margin:.5em 0;font-size:.9rem}
.keys span{display:inline-block;min-width:1.6em;text-align:center;border-radius:.2em;border:1px solid var(--line)}
details{border-bottom:1px solid var(--line);padding:.3em 0}summary{cursor:pointer;overflow-wrap:anywhere}
@media (max-width:40rem){body{padding:.6rem}.finding.follows{margin-left:.5rem}th,td{padding:.25em .4em}td.long{min-width:9rem}table.words thead{display:none}table.words tr{display:block;border-bottom:1px solid var(--line);padding:.3em 0}table.words td{display:block;border:0;padding:.05em 0}table.words td:empty{display:none}}
@media print{:root{--ink:#000;--dim:#444;--paper:#fff;--field:#f3f4f6;--line:#bbb;--link:#000;--good:#0f6b2e;--good-field:#fff;--warn:#7a4b00;--warn-field:#fff;--bad:#a40e26;--bad-field:#fff;--mark:#0a4f9e}
body{max-width:none;padding:0;font-size:10pt}table{font-size:8pt}th,td{padding:.2em .3em}td,td.right,th,.map tbody th{white-space:normal;overflow-wrap:anywhere}td.long{min-width:0}.command button,.told{display:none}.map button{border:0;background:none}.finding,figure,tr{break-inside:avoid}.scroll{overflow:visible}details::details-content{content-visibility:visible;block-size:auto}
.map td,.badge{-webkit-print-color-adjust:exact;print-color-adjust:exact}.map tbody th{position:static}}
figure{margin:.6em 0}figcaption{color:var(--dim);font-size:.9rem}figcaption,li{overflow-wrap:anywhere}
`;
