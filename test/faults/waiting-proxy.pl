# A proxy as a mesh's sidecar is: it asks the kernel where a connection was meant for, waits for the first bytes of the
# client, and connects there when they come or its time is over: waiting-proxy.pl PORT SECONDS UID
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Socket;

my ($port, $seconds, $uid) = @ARGV;
$> = $< = $uid;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 50, ReuseAddr => 1) or die;
$SIG{CHLD} = 'IGNORE';
while (my $client = $listener->accept) {
  next if fork;
  # SO_ORIGINAL_DST, of the level of IP.
  my $meant = getsockopt($client, 0, 80) or exit;
  $meant = substr($meant, 0, 16);
  my ($to, $address) = sockaddr_in($meant);
  IO::Select->new($client)->can_read($seconds);
  my $server = IO::Socket::INET->new(PeerAddr => inet_ntoa($address), PeerPort => $to, Timeout => 3) or exit;
  my $both = IO::Select->new($client, $server);
  while (my @ready = $both->can_read(20)) {
    for my $from (@ready) {
      sysread($from, my $bytes, 65536) or exit;
      syswrite($from == $client ? $server : $client, $bytes);
    }
  }
  exit;
}
