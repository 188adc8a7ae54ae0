import { readTools, type Tool, type ToolGroup } from '../image/tools.ts';

/** docs/tools.md: every tool of the images, by the layer of the network stack that it looks at. */
export function toolsPage(): string {
  const groups = readTools().map(({ title, tools }) => ({
    title,
    tools: tools.filter((tool) => !tool.name.startsWith('/')),
  }));
  return `# Tools of the images

<!-- Made by "npm run generate" from image/tools.list: do not edit. -->

From the application down to the wire, after Brendan Gregg's picture of the Linux performance tools. What is in \`slim\`
is in \`full\` too; [images.md](images.md) says how to get them and what is left out. Names in capitals are yours to
fill in. \`kubectl nettools shell POD\` and \`kubectl nettools run POD -- COMMAND\` run them in the pod's network.

${groups
  .filter(({ tools }) => tools.length > 0)
  .map(section)
  .join('\n')}`;
}

function section({ title, tools }: ToolGroup): string {
  const described = tools.filter((tool) => tool.shows !== undefined);
  const others = tools.filter((tool) => tool.shows === undefined);
  const table =
    described.length === 0
      ? []
      : [
          '| tool | image | shows | one useful command |',
          '|---|---|---|---|',
          ...described.map(
            ({ name, image, shows, use }) =>
              `| \`${name}\` | ${image} | ${shows ?? ''} | ${use === undefined ? '' : code(use)} |`,
          ),
          '',
        ];
  return [`## ${title}`, '', ...table, ...byImage(others)].join('\n');
}

function byImage(tools: readonly Tool[]): readonly string[] {
  return (['slim', 'full'] as const).flatMap((image) => {
    const names = tools.filter((tool) => tool.image === image).map((tool) => `\`${tool.name}\``);
    return names.length === 0 ? [] : [`${image}: ${names.join(' ')}`, ''];
  });
}

/** Code in a table's cell: a pipe would end the cell even there. */
function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}
