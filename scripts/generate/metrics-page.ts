import {
  METRICS,
  type MetricAbout,
  type MetricName,
  type MetricScope,
  metricWord,
  SCOPE_LABELS,
} from '../../src/model/metrics.ts';

const SCOPES: Readonly<Record<MetricScope, string>> = {
  run: 'Every run',
  target: 'A target: `diagnose` and each check, alone or in a list',
  list: 'A list of targets: `--all`, `--all-nodes`, several TARGETs',
  matrix: '`matrix`',
  test: '`test`',
  watch: '`watch`, while it runs and at its end',
};

/** docs/metrics.md: the tables are made from the list of metrics. */
export function metricsPage(): string {
  const names = Object.keys(METRICS) as MetricName[];
  const tables = (Object.keys(SCOPES) as MetricScope[]).map((scope) => {
    const rows = names
      .filter((name) => METRICS[name].of === scope)
      .map((name) => {
        const { type, labels, help }: MetricAbout = METRICS[name];
        return `| \`${metricWord(name)}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`;
      });
    const own = SCOPE_LABELS[scope].map((label) => `\`${label}\``).join(' and ');
    return `### ${SCOPES[scope]}
${own === '' ? '' : `\nAll of them have ${own} too.\n`}
| metric | type | labels | what |
|---|---|---|---|
${rows.join('\n')}
`;
  });
  return `${HEAD}
${tables.join('\n')}
${TAIL}`;
}

const HEAD = `# Metrics: \`-o openmetrics\`, \`--push\`, \`watch --metrics\`

<!-- Made by "npm run generate" from src/model/metrics.ts and scripts/generate/metrics-page.ts: do not edit. -->

Results as metrics, in three ways:

| | what | format |
|---|---|---|
| \`-o openmetrics\` | on stdout, of every report, list, matrix, \`test\` and \`watch\`, and of \`judge BUNDLE\` | OpenMetrics 1.0, which the textfile collector of the node exporter takes too |
| \`--push URL\` | to a Pushgateway, when the command ends | Prometheus' text format: a Pushgateway takes no other |
| \`watch --metrics ADDRESS\` | over HTTP, while a watch runs | Prometheus' text format |

\`\`\`console
$ kubectl nettools latency web-0 --to svc/db -o openmetrics > /var/lib/node_exporter/nettools.prom
$ kubectl nettools test -f shop.yaml --push http://pushgateway:9091
$ kubectl nettools watch deploy/web --to svc/db --for 2h --metrics 9464
$ kubectl nettools judge lat.json -o openmetrics
# HELP nettools_run_info The tool that made these metrics.
# TYPE nettools_run_info gauge
nettools_run_info{version="0.1.0"} 1
…
# HELP nettools_latency_rtt_seconds Round-trip times of what was answered; absent where nothing was.
# TYPE nettools_latency_rtt_seconds summary
nettools_latency_rtt_seconds{target="pod/web-5464f7c546-2295j",target_namespace="shop",destination="gateway",by="icmp",quantile="0.5"} 0.000071
…
# EOF
\`\`\`

[grafana-dashboard.json](grafana-dashboard.json) is a dashboard of all of them: import it in Grafana, and choose the Prometheus
data source. It is made from the same list as the tables below.
`;

const TAIL = `## What a value means

- Times are seconds, sizes bytes, and yes is 1, as [Prometheus' conventions](https://prometheus.io/docs/practices/naming) have it.
- **What was not measured has no sample.** A probe without an answer has no time, and a check that could not measure is neither
  well nor ill: a 0 would be taken for the best of all. So alert on
  \`nettools_check_ok == 0 or nettools_check_measured == 0\`, not on the first alone.
- No value is NaN or infinite. Losses are counts of the lost and of all, never a ratio: over which time, the query says.
- Numbers of a run that has ended are gauges: the next run does not go on from them. Those of a \`watch\` are counters, which
  begin at 0 with the watch; \`rate()\` and \`increase()\` know what a restart is.
- Bounds of \`nettools_watch_rtt_seconds\` are exact to 5 %.

**How many series there are is bounded.** What a finding is about, an error's words and addresses are no labels; pairs of a matrix
are counted. What is beyond a bound is counted where it says so: of a list the first 100 targets have metrics of their own
(\`nettools_targets_left_out\`), of a target the first 50 destinations, servers and endpoints (\`nettools_places_left_out\`), of a file the
first 200 expectations (\`nettools_test_expectations_left_out\`), of a watch the first 50 destinations
(\`nettools_watch_destinations_left_out\`). A target has about 15 series, 3 for each check, and 16 for each destination; a watch has 21
for each destination.

## To a Pushgateway: \`--push\`

For what runs by a clock and is gone before it is scraped: a CronJob, a pipeline. What is there all the time is better
scraped. Every command with \`-o openmetrics\` has it, whatever its \`-o\` is:

\`\`\`console
$ kubectl nettools test -f shop.yaml --push http://pushgateway:9091
\`\`\`

- **The group** is \`job="nettools"\`, \`command\`, and \`instance\`, which is what the command line is about, as it was typed, with its
  namespace: \`shop/deploy/web\`. No name that a rollout changes is in it, so that the next run replaces this one (PUT): a finding that is
  gone is gone there too. To choose another group, give its address: \`--push http://pushgateway:9091/metrics/job/nightly/cluster/blue\`.
- **A Pushgateway forgets nothing.** When the job no longer runs, its last result stays, and looks well. So alert on its age too:
  \`time() - nettools_run_start_timestamp_seconds > 3600\`. Delete the group when you delete the job.
- Scrape it with \`honor_labels: true\`, or its \`instance\` is the gateway's own.
- **When it cannot be pushed**, the report is printed all the same, a note on stderr says why, and the exit code is 3 where it
  would have been 0: a job whose result nobody gets must not look well. 1 and 3 stay what they are.
- A user and a password in the URL are sent as basic authentication, and stand in no message. A redirection is not followed. It
  gives up after 10 s. \`NODE_EXTRA_CA_CERTS\` adds authorities of https. No proxy is asked.

## For a scraper: \`watch --metrics\`

\`--metrics 9464\` and \`:9464\` listen on 127.0.0.1 alone. An IP address with a port listens there: \`--metrics 0.0.0.0:9464\` lets in
everybody who can reach this machine. Port 0 is one that is free; a note says which. There is neither TLS nor a password: names of
your Services are in what it says.

It answers GET and HEAD of \`/metrics\`, and nothing else; it reads no body, keeps at most 16 connections, and ends with the watch.
Counters of a lost session stand still until it is found again: \`rate(nettools_watch_probes_total[2m]) == 0\` tells that from well.

## Where the details come from

Zeros for what was not answered: blackbox_exporter [579](https://github.com/prometheus/blackbox_exporter/issues/579),
[984](https://github.com/prometheus/blackbox_exporter/issues/984). Losses as a ratio of nobody knows what:
ping_exporter [85](https://github.com/czerwonk/ping_exporter/issues/85), [93](https://github.com/czerwonk/ping_exporter/issues/93). Series of
pushed metrics that stay: pushgateway [19](https://github.com/prometheus/pushgateway/issues/19),
[83](https://github.com/prometheus/pushgateway/issues/83). Pods' names in their group:
[test-infra 8567](https://github.com/kubernetes/test-infra/issues/8567). OpenMetrics:
[pushgateway 400](https://github.com/prometheus/pushgateway/issues/400). Slashes in a group:
[client_golang 396](https://github.com/prometheus/client_golang/issues/396). Answers without a Content-Type:
[prometheus 15485](https://github.com/prometheus/prometheus/issues/15485). Counters that are not there until they count:
[prometheus 1673](https://github.com/prometheus/prometheus/issues/1673). Buckets, too many:
[kconmon 8](https://github.com/Stono/kconmon/issues/8), and without a last one:
[synthetic-monitoring-agent 196](https://github.com/grafana/synthetic-monitoring-agent/issues/196). Bounds that two programs write
differently: [client_js 232](https://github.com/prometheus/client_js/issues/232). Errors as labels:
[compliance-operator 223](https://github.com/ComplianceAsCode/compliance-operator/pull/223). What a metric means when it is not there:
[kuberhealthy 974](https://github.com/kuberhealthy/kuberhealthy/issues/974).
`;
