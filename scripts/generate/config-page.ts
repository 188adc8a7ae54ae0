import { settingFlags } from '../../src/cli/settings.ts';
import { variableOf } from '../../src/cli/settings-in-env.ts';

/** docs/config.md: what can be set once and for all; the table is made from the flags. */
export function configPage(): string {
  const rows = settingFlags().map((flag) => {
    const { name, setting, value, describe } = flag;
    const usual = flag.default === undefined ? '' : `\`${flag.default}\``;
    const cells = [
      `\`${setting.key}\``,
      `\`--${name} ${value}\``,
      `\`${variableOf(flag)}\``,
      usual,
      describe,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return `# Configuration

<!-- Made by "npm run generate" from src/cli and scripts/generate/config-page.ts: do not edit. -->

Nothing has to be configured. What you would type again and again can be set once:

\`\`\`yaml
# ~/.config/kubectl-nettools/config.yaml
idle: 30m
thresholds:
  rttFactor: 5            # a network of several zones
clusters:
  production:             # the name of a context or of a cluster of the kubeconfig
    mirror: registry.example.com/mirror
    pullSecret: registry-example
    profile: baseline
    thresholds:
      lossWarning: 0.5
\`\`\`

The file is \`$KUBECTL_NETTOOLS_CONFIG\`, else \`$XDG_CONFIG_HOME/kubectl-nettools/config.yaml\`, else
\`~/.config/kubectl-nettools/config.yaml\`. It is read by the commands that have such flags, and by no other.

## What counts most

1. the flag;
2. the environment variable (an empty one is as if it were not set);
3. the section in \`clusters\` that has the name of the context in use or, if there is none, of its cluster;
4. the file's own keys;
5. the default.

Each key is looked up by itself: a section that sets \`mirror\` alone leaves \`idle\` to the file. An empty value (\`""\`)
stands for "as if nothing were set", and takes back in a section what the file sets for all. Sections of \`clusters\` do
not count for targets that are in no cluster (\`docker://\`, \`netns:\`, \`pid:\`, \`local\`).

\`kubectl nettools config view\` shows every setting with its value and where that comes from, \`config path\` where the
file is looked for. A key that does not exist, a value of the wrong kind and a key that is there twice end the command
with exit code 2 and the line:

\`\`\`text
error: /home/me/.config/kubectl-nettools/config.yaml:3: unknown key "idel".
Did you mean "idle"?
\`\`\`

## Settings

| key | flag | environment | default | |
|---|---|---|---|---|
${rows.join('\n')}

- \`image\` is taken as it is. \`mirror\` changes the image that the binary names itself, and only that: its registry is
  replaced, the rest of its name, with tag or digest, stays (\`ghcr.io/a/nettools:1\` becomes \`MIRROR/a/nettools:1\`).
- \`pullSecret\` is for pods that the tool creates (\`node/NAME\`). An ephemeral container is pulled with its pod's own
  secrets, which nobody can add to: see [air-gapped.md](air-gapped.md).
- The thresholds are the limits that no standard and no kernel document gives; [findings.md](findings.md) says for each
  finding which limit it uses and where that is from. A saved bundle remembers the limits of its run, so that
  \`judge\` gives the same report again.
`;
}
