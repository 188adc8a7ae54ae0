import { commands } from '../../src/cli/commands.ts';
import { helpText, programName } from '../../src/cli/help.ts';

/** docs/commands.md: the help of every command, for who reads about it before having it. */
export function commandsPage(): string {
  // Those of in-cluster are the others once more, with the same flags beside.
  const outside = commands.filter(({ name }) => !name.startsWith('in-cluster '));
  const sections = [
    section(programName, helpText([])),
    ...outside.map(({ name }) => section(`${programName} ${name}`, helpText(name.split(' ')))),
    section(`${programName} in-cluster`, helpText(['in-cluster'])),
    section(`${programName} options`, helpText(['options'])),
  ];
  return `# Commands\n\n<!-- Made by "npm run generate" from src/cli: do not edit. -->\n\n${sections.join('\n')}`;
}

function section(title: string, help: string): string {
  return `## ${title}\n\n\`\`\`text\n${help}\`\`\`\n`;
}
