/** Small servers in namespaces of this machine. */
import { run, until } from '../cluster/proc.ts';
import { withTraffic } from './traffic.ts';

/** Runs one in a namespace for as long as the work takes, which begins once it listens on the TCP port. */
export async function withServer<T>(
  netns: string,
  port: number,
  argv: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  return withTraffic(`/run/netns/${netns}`, argv, async () => {
    await until('the server', 60, async () => {
      const listed = await run(['ip', 'netns', 'exec', netns, 'ss', '-Hlnt', `sport = :${port}`]);
      return listed.includes(`:${port}`) || 'nobody listens';
    });
    return work();
  });
}

/** The command of one that answers each request of HTTP with these lines, written as a string of Perl. */
export function httpServer(port: number, answer: string): string[] {
  const program = `my $l = IO::Socket::INET->new(LocalPort => ${port}, Listen => 50, ReuseAddr => 1) or die; $SIG{CHLD} = "IGNORE";
while (my $c = $l->accept) { next if fork; $/ = "\\r\\n\\r\\n"; print $c "${answer}" if defined <$c>; close $c; exit }`;
  return ['perl', '-MIO::Socket::INET', '-e', program];
}
